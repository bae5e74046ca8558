package signed

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// Whatever is changed of a signed request, it isn't served.
func TestVerifier_RefusesChangedRequest(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"method":         func(r *http.Request) { r.Method = http.MethodPut },
		"path":           func(r *http.Request) { r.URL.Path = "/stores/other" },
		"escape":         func(r *http.Request) { r.URL.RawPath = "/stores%2Fcounts"; r.URL.Path = "/stores/counts" },
		"query":          func(r *http.Request) { r.URL.RawQuery = "key=bob" },
		"query order":    func(r *http.Request) { r.URL.RawQuery = "limit=1&key=ann" },
		"no query":       func(r *http.Request) { r.URL.RawQuery = "" },
		"header":         func(r *http.Request) { r.Header.Set("Grete-Forwarded", "2") },
		"header split":   func(r *http.Request) { r.Header["Grete-Forwarded"] = []string{"1", "2"} },
		"header added":   func(r *http.Request) { r.Header.Set("Grete-More", "") },
		"header removed": func(r *http.Request) { r.Header.Del("Grete-Forwarded") },
		"accept":         func(r *http.Request) { r.Header.Set("Accept", "application/octet-stream") },
		"body":           func(r *http.Request) { setBody(r, "Body") },
		"no body":        func(r *http.Request) { setBody(r, "") },
		"body too large": func(r *http.Request) { setBody(r, strings.Repeat("x", MaxBody+1)) },
		"boot":           edit(func(c *credentials) { c.boot = randomText(16) }),
		"challenge":      edit(func(c *credentials) { c.challenge = newChallenges().issue(toStranger) }),
		"nonce":          edit(func(c *credentials) { c.nonce = "x" }),
		"audience":       edit(func(c *credentials) { c.audience = "localhost:80" }),
		"signature":      edit(func(c *credentials) { c.signature = c.signature[1:] }),
		"no signature":   edit(func(c *credentials) { c.signature = "" }),
		"a response's":   edit(func(c *credentials) { c.signature = sign(secret, c.nonce, "200", nil, nil) }),
	} {
		t.Run(name, func(t *testing.T) {
			s, w := serve(t, Tokens{secret}), newWire(t)
			w.request = func(r *http.Request) {
				if IsSigned(r) {
					change(r)
				}
			}
			_, err := w.client(secret).Do(post(t, s.address, "/stores/counts?key=ann&limit=1", "body"))
			if !errors.Is(err, ErrRefused) || s.served.Load() > 0 {
				t.Errorf("it got %v; %d were served", err, s.served.Load())
			}
		})
	}
}

func setBody(r *http.Request, text string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
}

func edit(change func(*credentials)) func(*http.Request) {
	return func(r *http.Request) {
		c, _ := parseCredentials(r.Header.Get("Authorization"))
		change(&c)
		r.Header.Set("Authorization", c.String())
	}
}

func TestVerifier_RefusesReplay(t *testing.T) {
	s, w := serve(t, Tokens{secret}), newWire(t)
	if _, err := w.client(secret).Do(post(t, s.address, "/", "body")); err != nil {
		t.Fatal(err)
	}
	seen := w.requests[len(w.requests)-1]
	setBody(seen, "body")
	res, err := w.transport.RoundTrip(seen)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized || s.served.Load() != 1 {
		t.Errorf("a replay: %d; %d were served", res.StatusCode, s.served.Load())
	}
}

// A server that a client is led to can't use its requests elsewhere.
func TestVerifier_RefusesRelay(t *testing.T) {
	victim, w := serve(t, Tokens{secret}), newWire(t)
	relay := httptest.NewServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: victim.address}))
	defer relay.Close()
	res, err := w.client(secret).Do(post(t, strings.TrimPrefix(relay.URL, "http://"), "/", "body"))
	if victim.served.Load() > 0 || err == nil && res.Status != http.StatusForbidden {
		t.Errorf("it got %v, %v; %d were served", res, err, victim.served.Load())
	}
}

// A server without the token can't respond, and learns nothing that it could use.
func TestVerifier_RefusesImpostor(t *testing.T) {
	victim, w := serve(t, Tokens{secret}), newWire(t)
	impostor := serve(t, Tokens{"another"}, "")
	if _, err := w.client(secret).Do(post(t, impostor.address, "/", "body")); !errors.Is(err, ErrRefused) {
		t.Errorf("it got %v", err)
	}
	for _, r := range w.requests {
		for _, values := range r.Header {
			if strings.Contains(strings.Join(values, ""), secret) {
				t.Errorf("a request has the token: %v", r.Header)
			}
		}
	}
	_ = victim
}

func TestBornBy(t *testing.T) {
	tokens := Tokens{"new", "old"}
	for header, want := range map[string]bool{
		"Bearer new": true, "bearer  old ": true, "Bearer": false, "Bearer ": false, "": false, "Basic new": false, "Bearer newold": false, "new": false,
	} {
		if got := tokens.BornBy(&http.Request{Header: http.Header{"Authorization": {header}}}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	if Tokens(nil).BornBy(&http.Request{Header: http.Header{"Authorization": {"Bearer "}}}) {
		t.Error("without tokens a request bears one")
	}
}

func TestParseTokens(t *testing.T) {
	for text, want := range map[string]int{"": 0, " a\n": 1, "a\nb": 2, "a\r\n\n b \n": 2, "a\nb\nc": -1, "a b": -1, "a\nü": -1, "a\x00": -1} {
		if got, err := ParseTokens(text); len(got) != max(want, 0) || (err != nil) != (want < 0) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if a, b := NewToken(), NewToken(); a == b || len(a) != 43 {
		t.Errorf("new tokens are %q and %q", a, b)
	}
}
