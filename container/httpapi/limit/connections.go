package limit

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// Connections bounds the connections of an HTTP server. If there is no room for a new one,
// the oldest is closed that serves no request, of the host that has the most. So a client
// that opens many loses its own ones, and files stay free for what the process does.
//
// It is a [net.Listener]; Context is the server's ConnContext, and State its ConnState. It is
// for HTTP/1, where a connection serves one request at a time.
type Connections struct {
	net.Listener
	max int

	mu    sync.Mutex
	clock uint64 // counts events: a connection's is that of its last one
	open  map[*connection]struct{}
}

// A connection is open. Its fields are under the lock of Connections.
type connection struct {
	net.Conn
	of   *Connections
	host string
	last uint64
	busy bool // it serves a request, or sends the response
}

// NewConnections bounds the connections of a listener.
func NewConnections(l net.Listener, most int) *Connections {
	return &Connections{Listener: l, max: most, open: make(map[*connection]struct{})}
}

// Accept returns the next connection for which there is room.
func (c *Connections) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		k := &connection{Conn: conn, of: c, host: hostOf(conn)}
		evicted, ok := c.add(k)
		if evicted != nil {
			_ = evicted.Conn.Close() // its server notices
		}
		if ok {
			return k, nil
		}
		_ = conn.Close() // all others are busy
	}
}

func hostOf(c net.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	return host
}

// add adds a connection, in place of another one if necessary.
func (c *Connections) add(k *connection) (evicted *connection, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.max {
		if evicted = c.victim(k.host); evicted == nil {
			return nil, false
		}
		delete(c.open, evicted)
	}
	c.touch(k)
	c.open[k] = struct{}{}
	return evicted, true
}

// victim returns the connection to close for one of a host: nil if all are busy.
func (c *Connections) victim(host string) (v *connection) {
	counts := map[string]int{host: 1}
	for k := range c.open {
		counts[k.host]++
	}
	for k := range c.open {
		if !k.busy && (v == nil || counts[k.host] > counts[v.host] || counts[k.host] == counts[v.host] && k.last < v.last) {
			v = k
		}
	}
	return v
}

func (c *Connections) touch(k *connection) {
	c.clock++
	k.last = c.clock
}

// Close closes the connection. It is called once or twice.
func (k *connection) Close() error {
	k.of.mu.Lock()
	delete(k.of.open, k)
	k.of.mu.Unlock()
	return k.Conn.Close()
}

type contextKey struct{}

// Context is for [http.Server.ConnContext].
func (*Connections) Context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, contextKey{}, plain(c))
}

// plain is the connection below TLS.
func plain(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}

// State is for [http.Server.ConnState].
func (*Connections) State(c net.Conn, s http.ConnState) {
	if k, ok := plain(c).(*connection); ok && s == http.StateIdle {
		k.set(false) // the response was sent
	}
}

// Busy marks the connection of a request as one that isn't closed for others until the
// response was sent. A server calls it once it has decided to serve the request.
func Busy(r *http.Request) {
	if k, ok := r.Context().Value(contextKey{}).(*connection); ok {
		k.set(true)
	}
}

func (k *connection) set(busy bool) {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	k.busy = busy
	k.of.touch(k)
}

// CloseIdle closes the connections that serve no request.
func (c *Connections) CloseIdle() {
	c.mu.Lock()
	var idle []*connection
	for k := range c.open {
		if !k.busy {
			idle = append(idle, k)
			delete(c.open, k)
		}
	}
	c.mu.Unlock()
	for _, k := range idle {
		_ = k.Conn.Close() // its server notices
	}
}
