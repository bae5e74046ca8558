package signed

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// Tokens are the tokens of a job. The first one signs; requests with any of them are
// accepted. Two tokens are for the time in which a new one replaces an old one.
type Tokens []string

// MaxTokens is the number of tokens that a job may have at a time.
const MaxTokens = 2

// Errors of [ParseTokens].
var (
	ErrTooManyTokens = errors.New("there are more than two tokens")
	ErrTokenText     = errors.New("a token consists of ASCII letters, digits and signs, without spaces")
)

// ParseTokens parses the text of a token file: a token a line. An error shows nothing of
// them.
func ParseTokens(text string) (tokens Tokens, err error) {
	for line := range strings.Lines(text) {
		token := strings.TrimSpace(line)
		if strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return nil, ErrTokenText
		}
		if token != "" {
			tokens = append(tokens, token)
		}
	}
	if len(tokens) > MaxTokens {
		return nil, ErrTooManyTokens
	}
	return tokens, nil
}

// NewToken returns a new random token of 32 bytes, as text.
func NewToken() string { return randomText(32) }

// BornBy reports whether a request bears one of the tokens, as Authorization: Bearer. Its
// duration reveals nothing about the tokens.
func (t Tokens) BornBy(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, found := sha256.Sum256([]byte(strings.TrimSpace(token))), 0
	for _, own := range t {
		want := sha256.Sum256([]byte(own))
		found |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return strings.EqualFold(scheme, "Bearer") && found == 1
}

// randomText returns n random bytes as text.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
