package signed

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Errors of a [Client].
var (
	// ErrRefused: the server accepts none of the signatures. It may have another token.
	ErrRefused = errors.New("refuses the token")
	// ErrNoChallenge: the server doesn't accept signed requests. It isn't a process of a
	// job, or has no token.
	ErrNoChallenge = errors.New("doesn't accept signed requests")
	// ErrUnverified: the response isn't signed, was changed, or broke off.
	ErrUnverified = errors.New("sends a response that isn't signed with the token")
	// ErrTooLarge: the response is larger than the client's limit.
	ErrTooLarge = errors.New("sends a response that is too large")
)

// A Client sends signed requests. Without tokens it sends plain ones. It is safe for
// concurrent use.
type Client struct {
	http   *http.Client
	tokens Tokens
	limit  int64
	known  *known
}

// NewClient returns a client that sends by the transport and with the timeout of another
// one, follows no redirects, and accepts response bodies of limit bytes at most.
func NewClient(by *http.Client, tokens Tokens, limit int64) *Client {
	plain := *by
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{http: &plain, tokens: tokens, limit: limit, known: newKnown()}
}

// Close closes the connections that aren't in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A Response is one that was read, and verified if the request was signed.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// maxTries bounds how often a request is sent: a challenge may have become too old, or the
// server may have been restarted. A refused request had no effect.
const maxTries = 2

// Do sends a request, and returns the response. The body of the request has at most
// [MaxBody] bytes. The audience is the host of the URL.
func (c *Client) Do(r *http.Request) (*Response, error) {
	if len(c.tokens) == 0 {
		res, err := c.send(r)
		if err != nil {
			return nil, err
		}
		return &Response{res.StatusCode, res.Header, res.body}, nil
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	for range maxTries {
		ch, err := c.challenge(r)
		if err != nil {
			return nil, err
		}
		nonce := randomText(16)
		res, err := c.sendSigned(r, ch, nonce, body)
		if err != nil {
			return nil, err
		}
		if res.StatusCode != http.StatusUnauthorized {
			return c.verified(r.URL.Host, ch.boot, nonce, res)
		}
		if ch, ok := challengeIn(res.Header); ok {
			c.known.add(r.URL.Host, ch)
		}
	}
	return nil, ErrRefused
}

// sendSigned sends a request once.
func (c *Client) sendSigned(r *http.Request, ch challenge, nonce string, body []byte) (*received, error) {
	r = r.Clone(r.Context())
	if body != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.Header.Set("Accept-Encoding", "identity") // the body is signed as it was sent
	m := request{r.Method, r.URL.RequestURI(), ch.boot, ch.value, nonce, r.URL.Host, sha256.Sum256(body)}
	credentials := credentials{ch.boot, ch.value, nonce, r.URL.Host, m.sign(c.tokens[0], r.Header)}
	r.Header.Set("Authorization", credentials.String())
	return c.send(r)
}

// challenge returns a challenge for a request: a known one, or one that it requests first.
// That reveals nothing about the request to come.
func (c *Client) challenge(of *http.Request) (challenge, error) {
	if ch, ok := c.known.take(of.URL.Host); ok {
		return ch, nil
	}
	at := url.URL{Scheme: of.URL.Scheme, Host: of.URL.Host, Path: ChallengePath}
	r, err := http.NewRequestWithContext(of.Context(), http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return challenge{}, err
	}
	res, err := c.send(r)
	if err != nil {
		return challenge{}, err
	}
	ch, ok := challengeIn(res.Header)
	switch {
	case res.StatusCode != http.StatusUnauthorized:
		return ch, fmt.Errorf("%w (status %d)", ErrNoChallenge, res.StatusCode)
	case !ok:
		return ch, ErrRefused
	}
	return ch, nil
}

// A received is a response with its body, not yet verified.
type received struct {
	*http.Response
	body []byte
}

func (c *Client) send(r *http.Request) (*received, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, c.limit+1))
	_ = res.Body.Close() // it was read, or isn't needed
	if err == nil && int64(len(body)) > c.limit {
		err = ErrTooLarge
	}
	return &received{res, body}, err
}

// verified returns a response to the request with the nonce, if the signature is right.
func (c *Client) verified(host, boot, nonce string, res *received) (*Response, error) {
	hash := sha256.Sum256(res.body)
	want := sign(c.tokens[0], nonce, strconv.Itoa(res.StatusCode), res.Header, hash[:])
	got := res.Trailer
	if isBodiless(res.Request.Method, res.StatusCode) {
		got = res.Header
	}
	if !equal(got.Get(signatureTrailer), want) {
		return nil, fmt.Errorf("%w (status %d)", ErrUnverified, res.StatusCode)
	}
	if next := res.Header.Get(challengeHeader); next != "" {
		c.known.add(host, challenge{boot, next})
	}
	return &Response{res.StatusCode, res.Header, res.body}, nil
}

// readBody returns the body of a request; nil if it has none.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err = errors.Join(err, r.Body.Close()); err == nil && len(body) > MaxBody {
		err = ErrBody
	}
	return body, err
}
