package signed

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server serves signed requests. It returns what it was sent.
type server struct {
	address string
	served  atomic.Int32 // requests that reached the handler
	next    http.HandlerFunc
}

// serve starts a server. alias is another address of it.
func serve(t *testing.T, tokens Tokens, alias ...string) *server {
	s := &server{next: echo}
	var at atomic.Pointer[Verifier]
	at.Store(NewVerifier(tokens))
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := at.Load()
		err := ErrSignature
		if IsSigned(r) {
			ours := func(audience string) bool { return audience == s.address || len(alias) > 0 && audience == alias[0] }
			err = v.Serve(w, r, ours, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.served.Add(1)
				s.next(w, r)
			}), http.HandlerFunc(misdirected))
		}
		if err != nil {
			v.Challenge(w.Header())
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	hs := httptest.NewServer(h)
	t.Cleanup(hs.Close)
	s.address = strings.TrimPrefix(hs.URL, "http://")
	return s
}

func misdirected(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Grete-Task", "3")
	w.Header().Set("Retry-After", "2")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte(r.Method + " " + r.RequestURI + " " + r.Header.Get("Grete-Forwarded") + " "))
	_, _ = w.Write(body)
}

// A wire is between a client and its server, and may change what passes.
type wire struct {
	transport http.Transport
	requests  []*http.Request
	request   func(*http.Request)
	response  func(*http.Response)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if w.request != nil {
		w.request(r)
	}
	w.requests = append(w.requests, r.Clone(r.Context()))
	res, err := w.transport.RoundTrip(r)
	if err == nil && w.response != nil {
		w.response(res)
	}
	return res, err
}

func newWire(t *testing.T) *wire {
	w := &wire{}
	t.Cleanup(w.transport.CloseIdleConnections)
	return w
}

// client returns a client by a wire.
func (w *wire) client(tokens ...string) *Client {
	return NewClient(&http.Client{Transport: w}, tokens, 1<<20)
}

// post returns a request with a body.
func post(t *testing.T, address, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Grete-Forwarded", "1,2")
	r.Header.Set("Accept", "application/json")
	return r
}

const secret = "s3cret"
