package signed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
)

// Labels of the two directions: a signed request is never a signed response.
const (
	requestLabel  = "grete request v1"
	responseLabel = "grete response v1"
)

// A request is what the signature of a request covers, with the headers.
type request struct {
	method, target             string // target is the path with the query, as on the wire
	boot, challenge, nonce, to string // to is the audience, HOST:PORT
	body                       [sha256.Size]byte
}

func (m *request) sign(token string, h http.Header) string {
	return mac(token, h, requestLabel, m.method, m.target, m.boot, m.challenge, m.nonce, m.to, string(m.body[:]))
}

// sign signs a response, to the request that had the nonce.
func sign(token, nonce, status string, h http.Header, body []byte) string {
	return mac(token, h, responseLabel, nonce, status, string(body))
}

// mac authenticates fields and headers. Each has its length before it, so that no two
// messages are the same bytes.
func mac(token string, h http.Header, fields ...string) string {
	var b []byte
	add := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, f := range fields {
		add(f)
	}
	names := signedNames(h)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, name := range names {
		add(name)
		b = binary.AppendUvarint(b, uint64(len(h[name])))
		for _, value := range h[name] {
			add(onWire(value))
		}
	}
	m := hmac.New(sha256.New, []byte(token))
	m.Write(b)
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// signedNames returns the names of the headers that signatures cover, sorted. They are in
// the canonical form of package net/http.
func signedNames(h http.Header) (names []string) {
	for name, values := range h {
		if len(values) > 0 && isSigned(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func isSigned(name string) bool {
	switch name {
	case "Accept", "Content-Type", "Retry-After":
		return true
	}
	return strings.HasPrefix(name, "Grete-") && name != signatureTrailer
}

// onWire is the value of a header as the other side reads it.
func onWire(value string) string {
	return strings.Trim(strings.NewReplacer("\n", " ", "\r", " ").Replace(value), " \t")
}

func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
