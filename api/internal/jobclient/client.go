package jobclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/gretestream/grete/container/httpapi"
)

// A Client sends requests to the processes of a job. It connects to their addresses
// without a proxy, and follows no redirects, since requests carry the token. It is
// safe for concurrent use once its fields are set.
type Client struct {
	http http.Client
	app  string
	// Token is sent with each request; empty: none.
	Token string
}

// New returns a client of an app's job. The caller closes it.
func New(app, token string) *Client {
	return &Client{app: app, Token: token, http: http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Get requests a path with its query from a process, and decodes the response into to.
func (c *Client) Get(ctx context.Context, address, path string, to any) error {
	u, err := url.Parse("http://" + address + path)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodGet, u, to)
}

// Post is Get for a path that makes the process do something.
func (c *Client) Post(ctx context.Context, address, path string, query url.Values, to any) error {
	u := (&url.URL{Scheme: "http", Host: address}).JoinPath(path)
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
	res, err := send(&c.http, request, c.Token)
	if err != nil {
		return err
	}
	failed := &Error{Status: res.status}
	switch {
	case failed.Refused():
		failed.message = fmt.Sprintf("%s refuses the request: it needs the job's token (-token-file FILE, or GRETE_TOKEN)", u.Host)
	case res.header.Get(httpapi.AppHeader) != c.app:
		failed.message = fmt.Sprintf("%s isn't a process of %s: did it exit?", u.Host, c.app)
	case res.status/100 == 2:
		return json.Unmarshal(res.body, to)
	default:
		failed.message = fmt.Sprintf("%s: %s", u.Host, res.problem().Message)
	}
	return failed
}

// A response is one that was read.
type response struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request with a token, and reads the response.
func send(client *http.Client, request *http.Request, token string) (response, error) {
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(request)
	if err != nil {
		return response{}, err
	}
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, body}, errors.Join(err, res.Body.Close())
}

// problem reads the problem that a response reports.
func (r response) problem() (p httpapi.Problem) {
	if json.Unmarshal(r.body, &p) != nil || p.Message == "" {
		p.Message = fmt.Sprintf("unexpected response %d %s", r.status, http.StatusText(r.status))
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
