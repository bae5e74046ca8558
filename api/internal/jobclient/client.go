package jobclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/certs"
	"github.com/gretestream/grete/container/httpapi/signed"
)

// A Client sends requests to the processes of a job, signed with its token. It connects to
// their addresses without a proxy, and follows no redirects. It is safe for concurrent use.
type Client struct {
	signed      *signed.Client
	app, scheme string
}

// largest bounds a response, in bytes.
const largest = 64 << 20

// New returns a client of an app's job. Without tokens its requests aren't signed. secure
// verifies the processes over TLS; nil: there is no TLS. The caller closes it.
func New(app string, tokens signed.Tokens, secure *certs.Client) *Client {
	transport, scheme := &http.Transport{}, "http"
	if secure != nil {
		transport.DialTLSContext, scheme = secure.Dialer((&net.Dialer{}).DialContext), "https"
	}
	return &Client{signed.NewClient(&http.Client{Transport: transport}, tokens, largest), app, scheme}
}

// Close closes the idle connections.
func (c *Client) Close() { c.signed.Close() }

// Get requests a path with its query from a process, and decodes the response into to.
func (c *Client) Get(ctx context.Context, address, path string, to any) error {
	u, err := url.Parse(c.scheme + "://" + address + path)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodGet, u, to)
}

// Post is Get for a path that makes the process do something.
func (c *Client) Post(ctx context.Context, address, path string, query url.Values, to any) error {
	u := (&url.URL{Scheme: c.scheme, Host: address}).JoinPath(path)
	u.RawQuery = query.Encode()
	return c.do(ctx, http.MethodPost, u, to)
}

// do sends a request and decodes the response into to. A response other than a success
// of this app is an [Error].
func (c *Client) do(ctx context.Context, method string, u *url.URL, to any) error {
	request, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	res, err := c.signed.Do(request)
	switch {
	case errors.Is(err, signed.ErrRefused):
		res = &signed.Response{Status: http.StatusUnauthorized}
	case errors.Is(err, signed.ErrNoChallenge) && c.scheme == "http":
		return fmt.Errorf("%s %w; if its HTTP API is over TLS, add -http-ca FILE", u.Host, err)
	case errors.Is(err, signed.ErrNoChallenge) || errors.Is(err, signed.ErrUnverified) || errors.Is(err, signed.ErrTooLarge):
		return fmt.Errorf("%s %w", u.Host, err)
	case err != nil:
		return err
	}
	failed := &Error{Status: res.Status}
	switch {
	case res.Status == http.StatusUnauthorized:
		failed.message = fmt.Sprintf("%s refuses the request: it needs the job's token (-token-file FILE, or GRETE_TOKEN; on a loopback address, that of the user who runs the job)", u.Host)
	case res.Status != http.StatusForbidden && res.Header.Get(httpapi.AppHeader) != c.app:
		failed.message = fmt.Sprintf("%s isn't a process of %s: did it exit?", u.Host, c.app)
	case res.Status/100 == 2:
		return json.Unmarshal(res.Body, to)
	default:
		failed.message = fmt.Sprintf("%s: %s", u.Host, problem(res).Message)
	}
	return failed
}

// problem reads the problem that a response reports.
func problem(r *signed.Response) (p httpapi.Problem) {
	if json.Unmarshal(r.Body, &p) != nil || p.Message == "" {
		p.Message = fmt.Sprintf("unexpected response %d %s", r.Status, http.StatusText(r.Status))
	}
	return p
}

// An Error is a response that reports a failure.
type Error struct {
	Status  int // of HTTP
	message string
}

func (e *Error) Error() string { return e.message }

// Refused reports whether the process requires another token.
func (e *Error) Refused() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// IsRefused reports whether a process requires another token.
func IsRefused(err error) bool {
	failed := (*Error)(nil)
	return errors.As(err, &failed) && failed.Refused()
}
