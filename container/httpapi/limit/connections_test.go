package limit

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
)

// A server has room for some connections.
type server struct {
	t       *testing.T
	address string
	conns   *Connections
	http    http.Server
}

func serve(t *testing.T, most int, handler http.HandlerFunc) *server {
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, address: l.Addr().String(), conns: NewConnections(l, most)}
	s.http.ConnContext, s.http.ConnState, s.http.ReadHeaderTimeout = s.conns.Context, s.conns.State, time.Minute
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Busy(r)
		handler(w, r)
	})
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.http.Serve(s.conns); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		_ = s.http.Close()
		running.Wait()
	})
	return s
}

// dial opens a connection, and sends some bytes.
func (s *server) dial(text string) net.Conn {
	s.t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(s.t.Context(), "tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// closed fails the test unless the server closes a connection.
func (s *server) closed(c net.Conn) {
	s.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Errorf("the server keeps a connection: %v", err)
	}
}

const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// answered fails the test unless a response arrives.
func (s *server) answered(c net.Conn) {
	s.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	b := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 200" {
		s.t.Errorf("the response is %q, %v", b, err)
	}
}

// Connections without a request make room for others, the oldest first, also if they have
// sent a part of one.
func TestConnections_EvictsIdle(t *testing.T) {
	s := serve(t, 3, func(http.ResponseWriter, *http.Request) {})
	a, b, c := s.dial(""), s.dial("GET / HT"), s.dial("")
	for _, old := range []net.Conn{a, b, c} {
		s.answered(s.dial(request))
		s.closed(old)
	}
	s.conns.mu.Lock()
	defer s.conns.mu.Unlock()
	if n := len(s.conns.open); n > 3 {
		t.Errorf("%d connections are open", n)
	}
}

// A flood of connections doesn't end requests that are being served, and a new client is
// served meanwhile.
func TestConnections_Flood(t *testing.T) {
	in, release := make(chan struct{}), make(chan struct{})
	s := serve(t, 8, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			in <- struct{}{}
			<-release
		}
	})
	slow := s.dial("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-in
	for i := range 1100 {
		c := s.dial("")
		if i%100 == 0 {
			s.answered(s.dial(request))
		}
		_ = c
	}
	close(release)
	s.answered(slow)
}

// If all are busy, a new one is closed.
func TestConnections_AllBusy(t *testing.T) {
	in, release := make(chan struct{}), make(chan struct{})
	s := serve(t, 1, func(http.ResponseWriter, *http.Request) {
		in <- struct{}{}
		<-release
	})
	busy := s.dial(request)
	<-in
	s.closed(s.dial(""))
	close(release)
	s.answered(busy)
}

// The host with the most connections loses one.
func TestConnections_Victim(t *testing.T) {
	c := NewConnections(nil, 4)
	of := func(host string) *connection { return &connection{of: c, host: host} }
	first, a, b := of("one"), of("many"), of("many")
	for _, k := range []*connection{first, a, b} {
		if evicted, ok := c.add(k); evicted != nil || !ok {
			t.Fatal("no room")
		}
	}
	b.busy = true
	if v := c.victim("new"); v != a {
		t.Errorf("it is %+v", v)
	}
	a.busy = true
	if v := c.victim("many"); v != first {
		t.Errorf("it is %+v", v)
	}
	first.busy = true
	if v := c.victim("new"); v != nil {
		t.Errorf("it is %+v", v)
	}
}
