package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/metrics"
)

// dial opens a connection to a process, sends some bytes, and leaves it at that.
func (p *process) dial(text string) net.Conn {
	p.t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(p.t.Context(), "tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.Close() })
	_, _ = io.WriteString(c, text) // the process may have closed it by now
	return c
}

// Clients that hold connections can't keep others away, and nothing is left of them.
func TestAttack_IdleConnections(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":        "",
		"half a request": "GET /api/v1/job HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"half a body":    "POST /api/v1/stop HTTP/1.1\r\nHost: localhost\r\nAuthorization: Grete boot=\"b\"\r\nContent-Length: 60000\r\n\r\n0123",
		"no token":       "GET /api/v1/job HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"a probe":        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			j := filled(t)
			p := newCluster(t, j, 1)[0]
			var first net.Conn
			for i := range 1100 {
				if c := p.dial(sent); i == 0 {
					first = c
				}
				if i%100 != 99 {
					continue
				}
				for path, want := range map[string]int{"/healthz": 200, "/api/v1/stores/counts/ann": 200, "/metrics": 200} {
					if w := p.get(path); w.Code != want {
						t.Fatalf("%s answers %d after %d connections", path, w.Code, i+1)
					}
				}
			}
			if err := first.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, first); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the first connection is still open")
			}
			began := time.Now()
			p.stop()
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("stopping took %v", took)
			}
		})
	}
}

// A process that is frozen costs the others only a part of what they can do.
func TestAttack_FrozenPeer(t *testing.T) {
	j := filled(t)
	j.put(0, keyOf(0), int64Of(1))
	p := newCluster(t, j, 1, func(c *httpapi.Config) { c.PeerTimeout = time.Second })[0]
	var waiting atomic.Int32
	p.readers.Hide("by-user", 1, j.dbs[1].Reader())
	p.table.set(1, member(t, func(_ http.ResponseWriter, r *http.Request) {
		waiting.Add(1)
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for range 100 {
		clients.Go(func() {
			for ctx.Err() == nil {
				p.getAs(ctx, "/api/v1/stores/counts/"+keyOf(1))
			}
		})
	}
	refused, n := "", 0
	for began := time.Now(); time.Since(began) < 3*time.Second; n++ {
		if w := p.get("/api/v1/stores/counts/" + keyOf(0)); w.Code != http.StatusOK {
			refused += fmt.Sprintf("%d %s", w.Code, w.Body)
		}
	}
	cancel()
	clients.Wait()
	if refused != "" || n < 20 {
		t.Errorf("of %d requests for what is here some were refused: %s", n, refused)
	}
	if got := waiting.Load(); got > 40 {
		t.Errorf("%d requests have waited for the frozen process", got)
	}
}

// A client that doesn't read its response holds up neither the others nor the end.
func TestAttack_SlowReaders(t *testing.T) {
	j := filled(t)
	p := newCluster(t, j, 1, func(c *httpapi.Config) {
		for i := range 2_000 { // a large page of metrics
			c.Registry.Container(fmt.Sprintf("stage-%05d", i), 0).Publish(&metrics.Loop{})
		}
	})[0]
	for range 20 {
		p.dial("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + secret + "\r\n\r\n")
	}
	await503(t, p, "/metrics")
	if w := p.get("/api/v1/stores/counts/ann"); w.Code != http.StatusOK {
		t.Errorf("a key answers %d", w.Code)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := p.server.Close(ctx)
	p.server = nil
	if took := time.Since(began); err != nil || took > 2*time.Second {
		t.Errorf("stopping took %v: %v", took, err)
	}
}

// await503 waits until requests for a path exceed its limit.
func await503(t *testing.T, p *process, path string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if w := p.get(path); w.Code == http.StatusServiceUnavailable && strings.Contains(w.Body.String(), "its limit") {
			return
		}
	}
	t.Errorf("%s is never refused", path)
}

func TestAttack_LargeBody(t *testing.T) {
	j := filled(t)
	p := newCluster(t, j, 1)[0]
	body := strings.NewReader(strings.Repeat("x", signed.MaxBody+1))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address+httpapi.LeavePath, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	r.Header.Set("Authorization", `Grete boot="b"`)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("it answers %d, %v", res.StatusCode, err)
	}
}
