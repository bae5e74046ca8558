package httpapi_test

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/certs"
	"github.com/gretestream/grete/container/httpapi/httpapitest"
	"github.com/gretestream/grete/container/httpapi/signed"
)

// overTLS sets the TLS of processes: one certificate, for the name of the app.
func overTLS(t *testing.T, a *httpapitest.Authority) func(*httpapi.Config) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.Issue(cert, key, "shop")
	failed := func(err error) { t.Error(err) }
	server, err := certs.NewServer(cert, key, failed)
	if err != nil {
		t.Fatal(err)
	}
	client, err := certs.NewClient("shop", a.File, failed)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *httpapi.Config) { c.Certificate, c.Peers = server, client }
}

// secure gets a path of a process over TLS.
func (p *process) secure(path string) (status int, body string) {
	p.t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "https://"+p.address+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := signed.NewClient(&http.Client{Transport: transport}, signed.Tokens{secret}, 1<<20).Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.Status, string(res.Body)
}

func TestTLS_ForwardsAndEncrypts(t *testing.T) {
	j, a := filled(t), httpapitest.NewAuthority(t)
	secure, w, i := overTLS(t, a), httpapitest.NewWire(t), 0
	all := newCluster(t, j, 2, secure, func(c *httpapi.Config) {
		if i++; i == 2 {
			c.Advertise = w.Address
		}
	})
	var asked *process
	for _, p := range all {
		if !strings.HasPrefix(p.server.URL(), "https://") {
			t.Errorf("its URL is %s", p.server.URL())
		}
		if p.address == w.Address {
			w.To(strings.TrimPrefix(p.server.URL(), "https://"))
		} else {
			asked = p
		}
	}
	key := keyOf(asked.elsewhereTask())
	j.put(0, key, int64Of(1))
	if status, body := asked.secure("/api/v1/stores/counts/" + key); status != http.StatusOK {
		t.Errorf("it answers %d %s", status, body)
	}
	if seen := w.Seen(); len(seen) == 0 || bytes.Contains(seen, []byte("HTTP/1.1")) || bytes.Contains(seen, []byte(key)) {
		t.Errorf("an observer sees %q", seen)
	}
	if w := asked.get("/healthz"); w.Code != http.StatusBadRequest {
		t.Errorf("without TLS it answers %d", w.Code)
	}
}

func TestTLS_RefusesAnotherAuthority(t *testing.T) {
	j := filled(t)
	one, other := overTLS(t, httpapitest.NewAuthority(t)), overTLS(t, httpapitest.NewAuthority(t))
	i := 0
	all := newCluster(t, j, 2, func(c *httpapi.Config) {
		if i++; i == 1 {
			one(c)
		} else {
			other(c)
		}
	})
	key := keyOf(all[0].elsewhereTask())
	if status, body := all[0].secure("/api/v1/stores/counts/" + key); status != http.StatusServiceUnavailable || !strings.Contains(body, "unknown authority") {
		t.Errorf("it answers %d %s", status, body)
	}
}
