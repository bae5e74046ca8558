package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gretestream/grete/container/httpapi/signed"
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
	errAddress  = errors.New("doesn't accept requests for this address: start it with -advertise HOST:PORT")
	errStranger = errors.New("isn't a process of this job")
	errMoved    = errors.New("doesn't have it any more")
)

// peers sends requests to other processes of the job.
type peers struct {
	client *signed.Client
	app    string
}

// newPeers connects directly, without a proxy.
func newPeers(cfg *Config) *peers {
	return &peers{app: cfg.Plan.App, client: signed.NewClient(&http.Client{Transport: &http.Transport{
		DialContext:            (&net.Dialer{Timeout: min(dialTimeout, cfg.PeerTimeout)}).DialContext,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}}, cfg.Tokens, largestAnswer)}
}

// close ends the connections that aren't in use.
func (p *peers) close() { p.client.Close() }

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
	res, err := p.client.Do(r)
	switch {
	case errors.Is(err, signed.ErrRefused):
		return nil, errToken
	case errors.Is(err, signed.ErrNoChallenge):
		return nil, errStranger
	case errors.Is(err, signed.ErrUnverified) || errors.Is(err, signed.ErrTooLarge):
		return nil, err
	case err != nil:
		return nil, unreachable(err)
	case res.Status == http.StatusUnauthorized:
		return nil, errToken
	case res.Status == http.StatusForbidden:
		return nil, errAddress
	case res.Header.Get(AppHeader) != p.app:
		return nil, errStranger
	}
	return &answer{res.Status, res.Header, res.Body}, nil
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
