package limit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Peers bounds the requests to other processes. Each one has a share of its own: so many
// requests at a time, and as many that wait, briefly, for one of these to end. A peer that
// failed several times in a row isn't asked for a while, and then by one request first. The
// zero value isn't ready: see [NewPeers]. It is safe for concurrent use.
type Peers struct {
	share int
	now   func() time.Time

	mu    sync.Mutex
	peers map[string]*peer // by address
}

// A peer is another process. Its fields are under the lock of Peers.
type peer struct {
	slots    chan struct{} // holds a token for each request
	waiting  int
	failures int           // in a row
	last     error         // of the last failure
	pause    time.Duration // the newest; 0: none
	until    time.Time     // the end of the pause
	trying   bool          // by one request, after the pause
}

// Of a peer that fails.
const (
	maxFailures  = 3               // in a row, until it isn't asked for a while
	firstPause   = time.Second     // the while, twice as long each time
	longestPause = 4 * time.Second // but no longer
	// patience is how long a request waits for another one to end.
	patience = 250 * time.Millisecond
	// maxPeers bounds how many peers are known.
	maxPeers = 4096
)

// NewPeers returns bounds for peers: share requests to each at a time.
func NewPeers(share int, now func() time.Time) *Peers {
	return &Peers{share: share, now: now, peers: make(map[string]*peer)}
}

// A BusyError means that a peer has its share of requests, none of which has ended.
type BusyError struct{ Requests int }

func (e *BusyError) Error() string {
	return fmt.Sprintf("hasn't answered %d requests of this process yet", e.Requests)
}

// A PausedError means that a peer isn't asked for a while, because it failed.
type PausedError struct {
	Last error         // of the last attempt
	Wait time.Duration // until the next attempt
}

func (e *PausedError) Error() string {
	return fmt.Sprintf("%v; it isn't asked again for %v", e.Last, e.Wait.Round(100*time.Millisecond))
}

// Unwrap returns the error of the last attempt.
func (e *PausedError) Unwrap() error { return e.Last }

// Do calls f, which sends a request to a peer, if the peer's bounds allow it. It returns
// the error of f, a [BusyError] or a [PausedError]. failed reports whether an error of f means
// that the peer doesn't respond.
func (p *Peers) Do(ctx context.Context, address string, f func() error, failed func(error) bool) error {
	at, err := p.enter(ctx, address)
	if err != nil {
		return err
	}
	err = f()
	if errors.Is(ctx.Err(), context.Canceled) {
		p.leave(at, unknown, nil) // the client is gone
	} else if err != nil && failed(err) {
		p.leave(at, bad, err)
	} else {
		p.leave(at, good, nil)
	}
	return err
}

// An outcome is what a request shows about a peer.
type outcome int

const (
	unknown outcome = iota
	good
	bad
)

// enter begins a request.
func (p *Peers) enter(ctx context.Context, address string) (*peer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.peer(address)
	if err := p.paused(at); err != nil {
		return nil, err
	}
	select {
	case at.slots <- struct{}{}:
	default:
		if at.waiting >= p.share {
			return nil, &BusyError{2 * p.share}
		}
		at.waiting++
		p.mu.Unlock()
		ok := Wait(ctx, at.slots)
		p.mu.Lock()
		at.waiting--
		if !ok {
			return nil, &BusyError{p.share}
		}
		if err := p.paused(at); err != nil {
			<-at.slots
			return nil, err
		}
	}
	at.trying = at.pause > 0
	return at, nil
}

// paused returns an error if a peer isn't to be asked now.
func (p *Peers) paused(at *peer) error {
	if wait := at.until.Sub(p.now()); at.pause > 0 && (wait > 0 || at.trying) {
		return &PausedError{at.last, max(wait, patience)}
	}
	return nil
}

// Wait waits briefly for a request to end, and reports whether it got a slot. The slots hold
// a token for each request.
func Wait(ctx context.Context, slots chan<- struct{}) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}

// leave ends a request.
func (p *Peers) leave(at *peer, is outcome, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	<-at.slots
	at.trying = false
	switch is {
	case unknown:
	case good:
		at.failures, at.last, at.pause = 0, nil, 0
	case bad:
		at.failures++
		at.last = err
		// Requests that began before the pause don't prolong it.
		if now := p.now(); at.failures >= maxFailures && !now.Before(at.until) {
			at.pause = min(max(2*at.pause, firstPause), longestPause)
			at.until = now.Add(at.pause)
		}
	}
}

// peer returns the peer at an address.
func (p *Peers) peer(address string) *peer {
	at := p.peers[address]
	if at == nil {
		if len(p.peers) >= maxPeers {
			p.forget()
		}
		at = &peer{slots: make(chan struct{}, p.share)}
		p.peers[address] = at
	}
	return at
}

// forget forgets the peers without requests.
func (p *Peers) forget() {
	for address, at := range p.peers {
		if len(at.slots) == 0 && at.waiting == 0 {
			delete(p.peers, address)
		}
	}
}
