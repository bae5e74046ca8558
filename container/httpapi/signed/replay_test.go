package signed

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
)

// A replayer gives the first response to a signed request to the later ones, too.
type replayer struct {
	http.Transport
	first *http.Response
	body  []byte
}

func (p *replayer) RoundTrip(r *http.Request) (*http.Response, error) {
	if IsSigned(r) && p.first != nil {
		again := *p.first
		again.Body, again.Request = io.NopCloser(bytes.NewReader(p.body)), r
		return &again, nil
	}
	res, err := p.Transport.RoundTrip(r)
	if err != nil || !IsSigned(r) {
		return res, err
	}
	p.body, err = io.ReadAll(res.Body)
	_ = res.Body.Close() // it was read
	res.Body, p.first = io.NopCloser(bytes.NewReader(p.body)), res
	return res, err
}

// An earlier answer to the same request is refused: each is signed for one request.
func TestClient_RefusesReplayedResponse(t *testing.T) {
	s := serve(t, Tokens{secret})
	between := &replayer{}
	c := NewClient(&http.Client{Transport: between}, Tokens{secret}, 1<<20)
	defer between.CloseIdleConnections()
	for i, want := range []error{nil, ErrUnverified} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.address+"/x", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(r); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("request %d got %v, want %v", i+1, err, want)
		}
	}
}
