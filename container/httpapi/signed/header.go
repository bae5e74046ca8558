package signed

import (
	"net/http"
	"strings"
)

// scheme is that of the headers Authorization and WWW-Authenticate.
const scheme = "Grete"

// signatureTrailer has the signature of a response, and challengeHeader the challenge for
// the client's next request.
const (
	signatureTrailer = "Grete-Signature"
	challengeHeader  = "Grete-Challenge"
)

// maxHeader bounds the parameters of a header, in bytes.
const maxHeader = 1 << 10

// IsSigned reports whether a request has a signature, right or wrong.
func IsSigned(r *http.Request) bool {
	_, ok := parameters(r.Header.Get("Authorization"))
	return ok
}

// parameters returns what follows the scheme of a header; ok is false if it has another
// scheme.
func parameters(header string) (rest string, ok bool) {
	name, rest, _ := strings.Cut(header, " ")
	return rest, strings.EqualFold(name, scheme)
}

// credentials are the parameters of Authorization.
type credentials struct{ boot, challenge, nonce, audience, signature string }

func (c *credentials) fields() map[string]*string {
	return map[string]*string{"boot": &c.boot, "challenge": &c.challenge, "nonce": &c.nonce, "audience": &c.audience, "signature": &c.signature}
}

func (c *credentials) String() string {
	return scheme + ` boot="` + c.boot + `", challenge="` + c.challenge + `", nonce="` + c.nonce + `", audience="` + c.audience + `", signature="` + c.signature + `"`
}

func parseCredentials(header string) (c credentials, ok bool) {
	rest, ok := parameters(header)
	return c, ok && parse(rest, c.fields())
}

// A challenge is what a server sends with status 401.
type challenge struct{ boot, value string }

func (c *challenge) String() string {
	return scheme + ` boot="` + c.boot + `", challenge="` + c.value + `"`
}

// challengeIn returns the challenge of a response.
func challengeIn(h http.Header) (c challenge, ok bool) {
	for _, header := range h.Values("WWW-Authenticate") {
		if rest, ok := parameters(header); ok {
			return c, parse(rest, map[string]*string{"boot": &c.boot, "challenge": &c.value})
		}
	}
	return c, false
}

// parse parses name="value", …: each of the names once, in any order, and no others. Values
// are visible ASCII without quotes and backslashes, and not empty.
func parse(text string, to map[string]*string) bool {
	if len(text) > maxHeader {
		return false
	}
	for text != "" {
		name, rest, _ := strings.Cut(strings.TrimLeft(text, " "), `="`)
		value, after, closed := strings.Cut(rest, `"`)
		field := to[name]
		if !closed || field == nil || *field != "" || value == "" || !visible(value) {
			return false
		}
		*field = value
		if after = strings.TrimLeft(after, " "); after == "" {
			break
		}
		text, closed = strings.CutPrefix(after, ",")
		if !closed || strings.TrimLeft(text, " ") == "" {
			return false
		}
	}
	for _, field := range to {
		if *field == "" {
			return false
		}
	}
	return true
}

func visible(value string) bool {
	return !strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' })
}
