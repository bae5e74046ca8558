// Package httpapitest has what tests of clients and servers of the HTTP API share.
package httpapitest

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// A Wire is a network path to a server, on which an observer keeps all bytes, and may change
// them. The server advertises the address of the wire.
type Wire struct {
	Address string // HOST:PORT
	// Response changes the bytes that the server sends; nil: none. It is set before the
	// first connection.
	Response func([]byte) []byte

	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	to     string
	seen   bytes.Buffer
	conns  []net.Conn
	closed bool
}

// NewWire opens a wire until the end of the test. Its connections lead to the address of the
// last call of [Wire.To].
func NewWire(t testing.TB) *Wire {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{Address: listener.Addr().String(), listener: listener}
	w.running.Go(func() { w.accept(t) })
	t.Cleanup(w.close)
	return w
}

// To sets the server to which the wire leads.
func (w *Wire) To(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = address
}

// Seen returns all bytes that have passed, of both directions.
func (w *Wire) Seen() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.seen.Bytes())
}

func (w *Wire) accept(t testing.TB) {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		w.mu.Lock()
		to := w.to
		w.mu.Unlock()
		var dialer net.Dialer
		server, err := dialer.DialContext(t.Context(), "tcp", to)
		if err != nil {
			_ = client.Close()
			continue
		}
		if w.keep(client, server) {
			w.running.Go(func() { w.pass(server, client, nil) })
			w.running.Go(func() { w.pass(client, server, w.Response) })
		}
	}
}

// keep keeps connections, to be closed at the end.
func (w *Wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		for _, c := range conns {
			_ = c.Close()
		}
		return false
	}
	w.conns = append(w.conns, conns...)
	return true
}

// pass passes bytes on until either side closes.
func (w *Wire) pass(to, from net.Conn, change func([]byte) []byte) {
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		part := b[:n]
		if change != nil {
			part = change(part)
		}
		w.mu.Lock()
		w.seen.Write(part)
		w.mu.Unlock()
		if _, failed := to.Write(part); err != nil || failed != nil {
			break
		}
	}
	_, _ = to.Close(), from.Close()
}

func (w *Wire) close() {
	_ = w.listener.Close()
	w.mu.Lock()
	w.closed = true
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.mu.Unlock()
	w.running.Wait()
}
