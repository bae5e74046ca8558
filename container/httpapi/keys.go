package httpapi

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// decode64 decodes base64 of either alphabet, padded or not. In a query, a plus has become a
// space.
func decode64(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("+", "-", " ", "-", "/", "_").Replace(text), "=")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%.100q isn't base64", text)
	}
	return b, nil
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
