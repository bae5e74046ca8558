// Package proxy is a network between the clients and one broker that tests can slow down,
// stall and cut.
package proxy

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// A Proxy forwards connections to one broker. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	target   string
	stop     context.CancelFunc
	all      sync.WaitGroup // the goroutines

	mu      sync.Mutex
	network network
	changed chan struct{} // closed and replaced when the network changes
	free    [2]time.Time  // when each direction may send again
	links   map[*link]struct{}
}

// network is the state of the connection to the broker.
type network struct {
	limit   int // bytes per second and direction; 0: none
	latency time.Duration
	stalled bool
	cut     bool
}

// Limit bounds the bytes per second of all connections together, in each direction; 0
// means no limit.
func (p *Proxy) Limit(bytesPerSecond int) {
	p.change(func(n *network) { n.limit = max(0, bytesPerSecond) })
}

// Latency sets a delay for each direction.
func (p *Proxy) Latency(d time.Duration) {
	p.change(func(n *network) { n.latency = d })
}

// Stall makes old and new connections move nothing, without closing them.
func (p *Proxy) Stall() {
	p.change(func(n *network) { n.stalled = true })
}

// Cut closes all connections, and new ones at once.
func (p *Proxy) Cut() {
	p.change(func(n *network) { n.cut = true })
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close()
	}
}

// Heal resets the network to its initial state. Stalled connections go on.
func (p *Proxy) Heal() {
	p.change(func(n *network) { *n = network{} })
}

func (p *Proxy) change(set func(*network)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set(&p.network)
	p.free = [2]time.Time{}
	close(p.changed)
	p.changed = make(chan struct{})
}

// Listen starts a proxy that listens at an address and connects to a target. The caller
// closes it.
func Listen(ctx context.Context, address, target string) (*Proxy, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("start a proxy: %w", err)
	}
	p := &Proxy{listener: listener, target: target, changed: make(chan struct{}), links: map[*link]struct{}{}}
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.all.Go(func() { p.accept(ctx) })
	return p, nil
}

// Close closes the listener and all connections, and waits for the proxy's goroutines.
func (p *Proxy) Close() {
	p.stop()
	_ = p.listener.Close() // which ends accept
	p.Cut()
	p.all.Wait()
}

// accept runs until the listener is closed.
func (p *Proxy) accept(ctx context.Context) {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.serve(ctx, conn) })
	}
}

// serve connects one client with the broker.
func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	var d net.Dialer
	broker, err := d.DialContext(ctx, "tcp", p.target)
	if err != nil {
		_ = client.Close() // as if it had reached the broker's port
		return
	}
	l := newLink(client, broker)
	defer l.close()
	if !p.add(l) {
		return
	}
	defer p.remove(l)
	var both sync.WaitGroup
	both.Go(func() { p.move(l, 0, client, broker) })
	both.Go(func() { p.move(l, 1, broker, client) })
	both.Wait()
}

// add reports whether the link may live.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.network.cut {
		return false
	}
	p.links[l] = struct{}{}
	return true
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}
