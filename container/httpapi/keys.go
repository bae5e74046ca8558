package httpapi

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// decode64 reads base64 of either alphabet, padded or not. A query has made a space
// of a plus.
func decode64(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("+", "-", " ", "-", "/", "_").Replace(text), "=")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no base64", text)
	}
	return b, nil
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
