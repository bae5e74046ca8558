package limit

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

var errDown = errors.New("is down")

// A world is a peer that may be down, and a clock.
type world struct {
	*Peers
	time  time.Time
	asked int
}

func newWorld(share int) *world {
	w := &world{time: time.Unix(1000, 0)}
	w.Peers = NewPeers(share, func() time.Time { return w.time })
	return w
}

// ask sends a request to a peer.
func (w *world) ask(ctx context.Context, err error) error {
	return w.Do(ctx, "a:1", func() error { w.asked++; return err }, func(err error) bool { return errors.Is(err, errDown) })
}

// isDown reports whether a peer was asked, and is down.
func isDown(err error) bool {
	paused := (*PausedError)(nil)
	return errors.Is(err, errDown) && !errors.As(err, &paused)
}

func TestPeers_PausesOneThatFails(t *testing.T) {
	w := newWorld(2)
	for range maxFailures {
		if err := w.ask(t.Context(), errDown); !isDown(err) {
			t.Fatalf("it got %v", err)
		}
	}
	for _, pause := range []time.Duration{firstPause, 2 * firstPause, 4 * firstPause, longestPause} {
		paused := (*PausedError)(nil)
		w.time = w.time.Add(pause - time.Millisecond)
		asked := w.asked
		if err := w.ask(t.Context(), nil); !errors.As(err, &paused) || !errors.Is(err, errDown) || w.asked != asked {
			t.Fatalf("within a pause of %v: %v, asked: %v", pause, err, w.asked != asked)
		}
		w.time = w.time.Add(time.Millisecond)
		if err := w.ask(t.Context(), errDown); !isDown(err) {
			t.Fatalf("after a pause of %v: %v", pause, err)
		}
	}
	w.time = w.time.Add(longestPause)
	for range 2 {
		if err := w.ask(t.Context(), nil); err != nil {
			t.Errorf("of one that is up again: %v", err)
		}
	}
	// Now it may fail as often as before.
	for range maxFailures {
		if err := w.ask(t.Context(), errDown); !isDown(err) {
			t.Fatalf("it got %v", err)
		}
	}
	if err := w.Do(t.Context(), "b:1", func() error { return nil }, nil); err != nil {
		t.Errorf("another peer: %v", err)
	}
}

// Requests that a client gives up say nothing about the peer, and responses that report a
// failure say that it is up.
func TestPeers_CountsFailuresOfThePeerOnly(t *testing.T) {
	w := newWorld(2)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * maxFailures {
		if err := w.ask(gone, errDown); !isDown(err) {
			t.Fatalf("it got %v", err)
		}
		if err := w.ask(t.Context(), errors.New("no such key")); err == nil {
			t.Fatal("no error")
		}
	}
	for range maxFailures - 1 {
		_ = w.ask(t.Context(), errDown)
	}
	_ = w.ask(gone, errDown)
	if err := w.ask(t.Context(), errDown); !isDown(err) {
		t.Errorf("it got %v", err)
	}
	if err := w.ask(t.Context(), nil); !errors.Is(err, errDown) {
		t.Errorf("after the last failure: %v", err)
	}
}

// After a pause, one request finds out.
func TestPeers_OneRequestTries(t *testing.T) {
	w := newWorld(4)
	for range maxFailures {
		_ = w.ask(t.Context(), errDown)
	}
	w.time = w.time.Add(firstPause)
	err := w.Do(t.Context(), "a:1", func() error {
		if paused := (*PausedError)(nil); !errors.As(w.ask(t.Context(), nil), &paused) {
			t.Error("a second request is sent meanwhile")
		}
		return nil
	}, nil)
	if err != nil || w.ask(t.Context(), nil) != nil {
		t.Errorf("it got %v", err)
	}
}

func TestPeers_Share(t *testing.T) {
	w := newWorld(2)
	release := make(chan struct{})
	in := make(chan struct{}, 4)
	var g sync.WaitGroup
	hang := func() error { in <- struct{}{}; <-release; return nil }
	for range 2 {
		g.Go(func() {
			if err := w.Do(t.Context(), "a:1", hang, nil); err != nil {
				t.Error(err)
			}
		})
	}
	<-in
	<-in
	var busy *BusyError
	if err := w.Do(t.Context(), "a:1", hang, nil); !errors.As(err, &busy) {
		t.Errorf("one that waits too long: %v", err)
	}
	w.mu.Lock()
	w.peers["a:1"].waiting = 2
	w.mu.Unlock()
	if err := w.Do(t.Context(), "a:1", hang, nil); !errors.As(err, &busy) {
		t.Errorf("one too many: %v", err)
	}
	w.mu.Lock()
	w.peers["a:1"].waiting = 0
	w.mu.Unlock()
	if err := w.Do(t.Context(), "b:1", func() error { return nil }, nil); err != nil {
		t.Errorf("another peer: %v", err)
	}
	g.Go(func() {
		if err := w.Do(t.Context(), "a:1", func() error { return nil }, nil); err != nil {
			t.Errorf("one that waits: %v", err)
		}
	})
	close(release)
	g.Wait()
}

func TestPeers_ForgetsThoseWithoutRequests(t *testing.T) {
	w := newWorld(1)
	for i := range 3 * maxPeers {
		if err := w.Do(t.Context(), time.Duration(i).String(), func() error { return nil }, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.peers); n > maxPeers {
		t.Errorf("it knows %d", n)
	}
}
