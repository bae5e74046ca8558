package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gretestream/grete/container/httpapi/limit"
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
	bounds *limit.Peers
	app    string
	scheme string
}

// newPeers connects directly, without a proxy.
func newPeers(cfg *Config) *peers {
	bounds := limit.NewPeers(max(2, cfg.Queries/8), time.Now)
	dial := (&net.Dialer{Timeout: min(dialTimeout, cfg.PeerTimeout)}).DialContext
	transport, scheme := &http.Transport{
		DialContext:            dial,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}, "http"
	if cfg.Peers != nil {
		transport.DialTLSContext, scheme = cfg.Peers.Dialer(dial), "https"
	}
	return &peers{app: cfg.Plan.App, bounds: bounds, scheme: scheme, client: signed.NewClient(&http.Client{Transport: transport}, cfg.Tokens, largestAnswer)}
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
	u := url.URL{Scheme: p.scheme, Host: address, Path: at.Path, RawPath: at.RawPath, RawQuery: at.RawQuery}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("isn't an address: %w", err)
	}
	r.Header = header
	var res *signed.Response
	err = p.bounds.Do(ctx, address, func() (err error) {
		if res, err = p.client.Do(r); err != nil && isSilence(err) {
			err = unreachable(err)
		}
		return err
	}, isSilence)
	switch {
	case errors.Is(err, signed.ErrRefused):
		return nil, errToken
	case errors.Is(err, signed.ErrNoChallenge):
		return nil, errStranger
	case err != nil:
		return nil, err
	case res.Status == http.StatusUnauthorized:
		return nil, errToken
	case res.Status == http.StatusForbidden:
		return nil, errAddress
	case res.Header.Get(AppHeader) != p.app:
		return nil, errStranger
	}
	return &answer{res.Status, res.Header, res.Body}, nil
}

// isSilence reports whether an error means that there was no response.
func isSilence(err error) bool {
	for _, is := range []error{signed.ErrRefused, signed.ErrNoChallenge, signed.ErrUnverified, signed.ErrTooLarge} {
		if errors.Is(err, is) {
			return false
		}
	}
	return true
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
