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
	// AppHeader has the job's name, in answers that processes of a job pass on: another
	// one may have got the address of a process that is gone.
	AppHeader = "Grete-App"
	// ForwardedHeader is set by a process that asks another one. It names the tasks
	// that are asked for, as in "0,3,6". What bears it is answered by its receiver from
	// what it has itself, or not at all.
	ForwardedHeader = "Grete-Forwarded"
)

const (
	// peerTimeout bounds what a request waits for other processes, dialTimeout for a
	// connection to one.
	peerTimeout = 3 * time.Second
	dialTimeout = time.Second
	// largestAnswer bounds what is read of another process' answer.
	largestAnswer = 64 << 20
)

// Why another process' answer is none, in words that go on after "HOST:PORT, which".
var (
	errToken    = errors.New("refuses the token of this process: all processes of a job need the same one, or none")
	errStranger = errors.New("isn't a process of this job")
	errTooLarge = errors.New("answers more than can be passed on")
	errMoved    = errors.New("doesn't have it any more")
)

// peers asks other processes of the job.
type peers struct {
	client     *http.Client
	app, token string
}

// newPeers goes to the addresses themselves: through no proxy, and nowhere else if one
// of them says so, as the token goes along.
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

// An answer is what another process has answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get asks a process of the job for path and query of a URL. What comes from others
// than that is an error that says which.
func (p *peers) get(ctx context.Context, address string, at *url.URL, header http.Header) (*answer, error) {
	u := url.URL{Scheme: "http", Host: address, Path: at.Path, RawPath: at.RawPath, RawQuery: at.RawQuery}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("is no address: %w", err)
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
	_ = res.Body.Close() // it has been read, or is given up
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

// unreachable says why there was no answer.
func unreachable(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // the URL may have a key in it
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("doesn't answer in time: %w", err)
	}
	return fmt.Errorf("can't be reached: %w", err)
}
