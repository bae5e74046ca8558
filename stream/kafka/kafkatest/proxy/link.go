package proxy

import (
	"net"
	"sync"
	"time"
)

const (
	// chunkSize is the size of a read from a connection.
	chunkSize = 16 << 10
	// chunksUnderway bounds what a proxy holds per direction.
	chunksUnderway = 16
)

// A link is one client's connection through a proxy.
type link struct {
	client, broker net.Conn
	once           sync.Once
	closed         chan struct{}
}

func newLink(client, broker net.Conn) *link {
	return &link{client: client, broker: broker, closed: make(chan struct{})}
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.closed)
		_ = l.client.Close() // an error wouldn't matter any more
		_ = l.broker.Close()
	})
}

// A chunk has data, and the time of its arrival.
type chunk struct {
	at   time.Time
	data []byte
}

// move carries bytes in one direction until either end closes. It reads on while chunks
// are delayed, so that latency doesn't limit throughput.
func (p *Proxy) move(l *link, direction int, from, to net.Conn) {
	defer l.close()
	chunks := make(chan chunk, chunksUnderway)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(chunks)
		for {
			data := make([]byte, chunkSize)
			n, err := from.Read(data)
			if n > 0 {
				select {
				case chunks <- chunk{time.Now(), data[:n]}:
				case <-l.closed:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	for c := range chunks {
		if !p.deliver(l, direction, to, c) {
			l.close()
			break
		}
	}
	reader.Wait()
}

// deliver writes a chunk at the speed of the network, and reports whether it could.
func (p *Proxy) deliver(l *link, direction int, to net.Conn, c chunk) bool {
	for len(c.data) > 0 {
		n, due, changed := p.turn(direction, c)
		if n > 0 {
			if _, err := to.Write(c.data[:n]); err != nil {
				return false
			}
			c.data = c.data[n:]
			continue
		}
		select {
		case <-time.After(time.Until(due)):
		case <-changed:
		case <-l.closed:
			return false
		}
	}
	return true
}

// turn returns how many bytes of a chunk can be written now. If none, try again at due, or
// when the network has changed.
func (p *Proxy) turn(direction int, c chunk) (n int, due time.Time, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.network.stalled {
		return 0, now.Add(time.Hour), p.changed
	}
	if due = c.at.Add(p.network.latency); due.After(now) {
		return 0, due, p.changed
	}
	if p.network.limit == 0 {
		return len(c.data), now, nil
	}
	if due = p.free[direction]; due.After(now) {
		return 0, due, p.changed
	}
	// Some hundredths of a second's worth, so that all connections get on.
	n = min(len(c.data), max(1, p.network.limit/20))
	p.free[direction] = now.Add(time.Duration(n) * time.Second / time.Duration(p.network.limit))
	return n, now, nil
}
