package signed

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ChallengePath is where clients get their first challenge. Nothing is served there.
const ChallengePath = "/api/v1/challenge"

// MaxBody bounds the body of a signed request, in bytes.
const MaxBody = 64 << 10

// Reasons to refuse a request.
var (
	// ErrSignature: the signature is wrong, the challenge was used before or is too old, or
	// the server was restarted. The client may try again with another challenge.
	ErrSignature = errors.New("the request isn't signed with the token of this job and a valid challenge")
	// ErrBody: the body is too large, or broke off.
	ErrBody = fmt.Errorf("the body of a signed request is broken off, or larger than %d bytes", MaxBody)
)

// A Verifier checks signed requests to one server. It is safe for concurrent use.
type Verifier struct {
	tokens     Tokens
	boot       string
	challenges *challenges
}

// NewVerifier returns a verifier for a server that starts now. There is at least one token.
func NewVerifier(tokens Tokens) *Verifier {
	return &Verifier{tokens: tokens, boot: randomText(16), challenges: newChallenges()}
}

// Challenge adds a challenge to a response, which is to have status 401.
func (v *Verifier) Challenge(h http.Header) {
	c := challenge{v.boot, v.challenges.issue(toStranger)}
	h.Add("WWW-Authenticate", c.String())
}

// Serve has next serve a signed request, and signs its response; ours reports whether an
// audience, HOST:PORT, is an address of the server. If it returns an error, the request is
// refused, and no response was written.
//
// A request for another audience is served by misdirected: the client has the token, so
// that it may know the reason.
func (v *Verifier) Serve(w http.ResponseWriter, r *http.Request, ours func(audience string) bool, next, misdirected http.Handler) error {
	c, ok := parseCredentials(r.Header.Get("Authorization"))
	if !ok || c.boot != v.boot {
		return ErrSignature
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil || len(body) > MaxBody {
		return ErrBody
	}
	m := request{r.Method, r.RequestURI, c.boot, c.challenge, c.nonce, c.audience, sha256.Sum256(body)}
	token, ok := v.signer(&m, r.Header, c.signature)
	// Only who has the token can use up a challenge.
	if !ok || !v.challenges.use(c.challenge) {
		return ErrSignature
	}
	if !ours(c.audience) {
		next = misdirected
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.Header().Set(challengeHeader, v.challenges.issue(toMember))
	s := &writer{ResponseWriter: w, token: token, nonce: c.nonce, body: sha256.New(), method: r.Method}
	next.ServeHTTP(s, r)
	s.finish()
	return nil
}

// signer returns the token that signed a request.
func (v *Verifier) signer(m *request, h http.Header, signature string) (token string, ok bool) {
	for _, t := range v.tokens {
		if equal(m.sign(t, h), signature) {
			return t, true
		}
	}
	return "", false
}

// Audience returns the audience for which a request claims to be signed; "" if it has none.
func Audience(r *http.Request) string {
	c, _ := parseCredentials(r.Header.Get("Authorization"))
	return c.audience
}
