package signed

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestClient_GetsVerifiedResponse(t *testing.T) {
	s, w := serve(t, Tokens{secret}), newWire(t)
	c := w.client(secret)
	for i := range 3 {
		res, err := c.Do(post(t, s.address, "/a%2Fb?q=1&q=%20", "body"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(res.Body), "POST /a%2Fb?q=1&q=%20 1,2 body"; got != want || res.Status != http.StatusAccepted || res.Header.Get("Grete-Task") != "3" {
			t.Errorf("it got %d %v %q, want %q", res.Status, res.Header, got, want)
		}
		// Only the first one needs two round trips.
		if len(w.requests) != i+2 {
			t.Errorf("after request %d there were %d round trips", i, len(w.requests))
		}
	}
}

func TestClient_EmptyResponse(t *testing.T) {
	s, w := serve(t, Tokens{secret}), newWire(t)
	s.next = func(http.ResponseWriter, *http.Request) {}
	if res, err := w.client(secret).Do(post(t, s.address, "/", "")); err != nil || res.Status != http.StatusOK || len(res.Body) != 0 {
		t.Errorf("it got %v, %v", res, err)
	}
}

// Such a response has no trailer, so its signature is a header.
func TestClient_ResponseWithoutBody(t *testing.T) {
	s := serve(t, Tokens{secret})
	c := NewClient(&http.Client{Transport: &http.Transport{}}, Tokens{secret}, 1<<20)
	defer c.Close()
	for _, tt := range []struct {
		method string
		status int
	}{{http.MethodHead, 200}, {http.MethodHead, 404}, {http.MethodGet, 204}, {http.MethodGet, 304}, {http.MethodGet, 200}} {
		s.next = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Grete-Task", "3")
			w.WriteHeader(tt.status)
			if tt.method == http.MethodHead {
				_, _ = w.Write([]byte("what a GET would get"))
			}
		}
		r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+s.address+"/x", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(r)
		if err != nil || res.Status != tt.status || len(res.Body) > 0 || res.Header.Get("Grete-Task") != "3" {
			t.Errorf("%s with status %d: %+v, %v", tt.method, tt.status, res, err)
		}
	}
}

func TestClient_LargeBodies(t *testing.T) {
	s, w := serve(t, Tokens{secret}), newWire(t)
	c := w.client(secret)
	if _, err := c.Do(post(t, s.address, "/", strings.Repeat("x", MaxBody))); err != nil {
		t.Errorf("a request of the largest size: %v", err)
	}
	if _, err := c.Do(post(t, s.address, "/", strings.Repeat("x", MaxBody+1))); !errors.Is(err, ErrBody) {
		t.Errorf("a larger request: %v", err)
	}
	s.next = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20+1)) }
	if _, err := c.Do(post(t, s.address, "/", "")); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a response larger than the limit: %v", err)
	}
}

// The tokens of both sides may differ while a new one replaces an old one.
func TestClient_Rotation(t *testing.T) {
	for name, tt := range map[string]struct {
		server, client Tokens
		want           error
	}{
		"before":             {Tokens{"old"}, Tokens{"old"}, nil},
		"server knows new":   {Tokens{"old", "new"}, Tokens{"old"}, nil},
		"client knows new":   {Tokens{"old"}, Tokens{"old", "new"}, nil},
		"client signs new":   {Tokens{"old", "new"}, Tokens{"new", "old"}, nil},
		"server signs new":   {Tokens{"new", "old"}, Tokens{"old", "new"}, nil},
		"server without old": {Tokens{"new"}, Tokens{"new", "old"}, nil},
		"old token":          {Tokens{"new"}, Tokens{"old"}, ErrRefused},
		"new token":          {Tokens{"old"}, Tokens{"new"}, ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := serve(t, tt.server), newWire(t)
			if _, err := w.client(tt.client...).Do(post(t, s.address, "/", "")); !errors.Is(err, tt.want) {
				t.Errorf("it got %v, want %v", err, tt.want)
			}
			if served := s.served.Load() > 0; served != (tt.want == nil) {
				t.Errorf("served: %v", served)
			}
		})
	}
}

// An address that another server gets, or the same one after a restart.
func TestClient_ServerRestarted(t *testing.T) {
	one, w := serve(t, Tokens{secret}), newWire(t)
	c := w.client(secret)
	if _, err := c.Do(post(t, one.address, "/", "")); err != nil {
		t.Fatal(err)
	}
	other := serve(t, Tokens{secret}, one.address)
	w.request = func(r *http.Request) { r.URL.Host = other.address }
	if _, err := c.Do(post(t, one.address, "/", "")); err != nil || other.served.Load() != 1 {
		t.Errorf("after the restart: %v, served %d", err, other.served.Load())
	}
}

func TestClient_WithoutTokens(t *testing.T) {
	s, w := serve(t, Tokens{secret}), newWire(t)
	if res, err := w.client().Do(post(t, s.address, "/", "")); err != nil || res.Status != http.StatusUnauthorized {
		t.Errorf("it got %v, %v", res, err)
	}
}

// A server that needs no token can't prove what it is.
func TestClient_OpenServer(t *testing.T) {
	open, w := serve(t, Tokens{secret}), newWire(t)
	w.response = func(res *http.Response) { res.StatusCode = http.StatusNotFound }
	if _, err := w.client(secret).Do(post(t, open.address, "/", "")); !errors.Is(err, ErrNoChallenge) || open.served.Load() > 0 {
		t.Errorf("it got %v", err)
	}
}

// Whoever changes a response is found out, and whoever sends an old one.
func TestClient_RefusesChangedResponse(t *testing.T) {
	old := http.Header{}
	for name, change := range map[string]func(*http.Response){
		"status":          func(r *http.Response) { r.StatusCode = http.StatusOK },
		"header":          func(r *http.Response) { r.Header.Set("Grete-Task", "4") },
		"header added":    func(r *http.Response) { r.Header.Set("Grete-App", "other") },
		"header repeated": func(r *http.Response) { r.Header.Add("Grete-Task", "3") },
		"header removed":  func(r *http.Response) { r.Header.Del("Grete-Task") },
		"next challenge":  func(r *http.Response) { r.Header.Set(challengeHeader, "x") },
		"content type":    func(r *http.Response) { r.Header.Set("Content-Type", "application/octet-stream") },
		"retry":           func(r *http.Response) { r.Header.Set("Retry-After", "3600") },
		"body":            replaceBody(func(b []byte) []byte { b[0] ^= 1; return b }),
		"body longer":     replaceBody(func(b []byte) []byte { return append(b, ' ') }),
		"body truncated":  replaceBody(func(b []byte) []byte { return b[:len(b)-1] }),
		"no body":         replaceBody(func([]byte) []byte { return nil }),
		"no signature":    inTrailer(func(h http.Header) { h.Del(signatureTrailer) }),
		"a header instead": func(r *http.Response) {
			inTrailer(func(h http.Header) {
				r.Header.Set(signatureTrailer, h.Get(signatureTrailer))
				h.Del(signatureTrailer)
			})(r)
		},
		"an old signature": inTrailer(func(h http.Header) {
			if old.Get(signatureTrailer) == "" {
				old.Set(signatureTrailer, h.Get(signatureTrailer))
			}
			h.Set(signatureTrailer, old.Get(signatureTrailer))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s, w := serve(t, Tokens{secret}), newWire(t)
			c := w.client(secret)
			if name == "an old signature" { // of the same request
				w.response = func(r *http.Response) {
					if r.StatusCode != http.StatusUnauthorized {
						change(r)
					}
				}
				if _, err := c.Do(post(t, s.address, "/", "body")); err != nil {
					t.Fatal(err)
				}
			}
			w.response = func(r *http.Response) {
				if r.StatusCode != http.StatusUnauthorized {
					change(r)
				}
			}
			if res, err := c.Do(post(t, s.address, "/", "body")); !errors.Is(err, ErrUnverified) || res != nil {
				t.Errorf("it got %v, %v", res, err)
			}
			if s.served.Load() == 0 {
				t.Error("the request wasn't served")
			}
		})
	}
}

// replaceBody changes a body once it has been read, with its trailer.
func replaceBody(change func([]byte) []byte) func(*http.Response) {
	return func(r *http.Response) {
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		r.Body = io.NopCloser(strings.NewReader(string(change(body))))
	}
}

func inTrailer(change func(http.Header)) func(*http.Response) {
	return func(r *http.Response) {
		replaceBody(func(b []byte) []byte { return b })(r)
		change(r.Trailer)
	}
}

// A response that breaks off isn't used, however much of it has arrived.
func TestClient_RefusesBrokenOffResponse(t *testing.T) {
	s, w := serve(t, Tokens{secret}), newWire(t)
	s.next = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic(http.ErrAbortHandler)
	}
	if res, err := w.client(secret).Do(post(t, s.address, "/", "")); err == nil {
		t.Errorf("it got %+v", res)
	}
}

func TestClient_ConcurrentRequests(t *testing.T) {
	s := serve(t, Tokens{secret})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	c := NewClient(&http.Client{Transport: &transport}, Tokens{secret}, 1<<20)
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			for j := range 50 {
				path := fmt.Sprintf("/%d/%d", i, j)
				res, err := c.Do(post(t, s.address, path, "x"))
				if err != nil || string(res.Body) != "POST "+path+" 1,2 x" {
					t.Errorf("%s: %v, %v", path, res, err)
				}
			}
		})
	}
	g.Wait()
	if got := s.served.Load(); got != 400 {
		t.Errorf("%d of 400 requests were served", got)
	}
}
