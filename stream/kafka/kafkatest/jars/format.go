package jars

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"unicode/utf16"
)

// NewID returns an id in Kafka's format: 16 bytes in base64, without a leading dash.
func NewID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	id[0] &= 0x7f
	return base64.RawURLEncoding.EncodeToString(id)
}

// Properties encodes a properties file as Java reads it: Latin-1 with escapes.
func Properties(p map[string]string) []byte {
	var out []byte
	for _, key := range slices.Sorted(maps.Keys(p)) {
		out = append(append(out, key...), '=')
		for _, r := range utf16.Encode([]rune(p[key])) {
			switch {
			case r == '\\':
				out = append(out, `\\`...)
			case r < ' ' || r > '~':
				out = fmt.Appendf(out, `\u%04x`, r)
			default:
				out = append(out, byte(r))
			}
		}
		out = append(out, '\n')
	}
	return out
}
