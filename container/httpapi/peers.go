package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// AppHeader has the job's name, in responses that processes of a job pass on: another
	// job may have got the address of a process that is gone.
	AppHeader = "Grete-App"
	// ForwardedHeader is set in forwarded requests. It names the tasks that are requested,
	// as in "0,3,6". The receiver serves such a request itself, or not at all.
	ForwardedHeader = "Grete-Forwarded"
)

const (
	// peerTimeout bounds how long a request waits for other processes, dialTimeout for a
	// connection to one.
	peerTimeout = 3 * time.Second
	dialTimeout = time.Second
	// largestAnswer bounds the response of another process.
	largestAnswer = 64 << 20
)

// Why a response of another process is unusable, in words that go on after "HOST:PORT, which".
var (
	errToken    = errors.New("refuses the token of this process: all processes of a job need the same one, or none")
	errStranger = errors.New("isn't a process of this job")
	errTooLarge = errors.New("sends a response that is too large")
	errMoved    = errors.New("doesn't have it any more")
)

// peers sends requests to other processes of the job.
type peers struct {
	client     *http.Client
	app, token string
}

// newPeers connects directly, without a proxy, and follows no redirects, as requests carry
// the token.
func newPeers(cfg *Config) *peers {
	return &peers{app: cfg.Plan.App, token: cfg.Token, client: &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: min(dialTimeout, cfg.PeerTimeout)}).DialContext,
			MaxIdleConnsPerHost:    8,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// close ends the connections that aren't in use.
func (p *peers) close() { p.client.CloseIdleConnections() }

// An answer is the response of another process.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get requests path and query of a URL from a process of the job. It is an error if the
// response comes from anything else.
func (p *peers) get(ctx context.Context, address string, at *url.URL, header http.Header) (*answer, error) {
	u := url.URL{Scheme: "http", Host: address, Path: at.Path, RawPath: at.RawPath, RawQuery: at.RawQuery}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("isn't an address: %w", err)
	}
	r.Header = header
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := p.client.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, largestAnswer+1))
	_ = res.Body.Close() // it has been read, or isn't needed
	switch {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return nil, errToken
	case res.Header.Get(AppHeader) != p.app:
		return nil, errStranger
	case err != nil:
		return nil, unreachable(err)
	case len(body) > largestAnswer:
		return nil, errTooLarge
	}
	return &answer{res.StatusCode, res.Header, body}, nil
}

// unreachable says why there was no response.
func unreachable(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // the URL may have a key in it
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("doesn't answer in time: %w", err)
	}
	return fmt.Errorf("can't be reached: %w", err)
}
