package kafkasim

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A testLink is a network without faults to a cluster, on the real clock. Chores are done at
// once.
type testLink struct {
	*link.Threads
	*shared
}

// shared is a cluster for several goroutines.
type shared struct {
	mu      sync.Mutex
	cluster *Cluster
	changed chan struct{} // closed at a change
}

func newShared(c *Cluster) *shared { return &shared{cluster: c, changed: make(chan struct{})} }

func (s *shared) link() *testLink {
	return &testLink{Threads: link.NewThreads(), shared: s}
}

// use calls f with the cluster, and wakes those that wait for a change.
func (s *shared) use(f func(c *Cluster)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.cluster.Changes()
	f(s.cluster)
	for chores := s.cluster.Chores(time.Now()); len(chores) > 0; chores = s.cluster.Chores(time.Now()) {
		s.cluster.Do(time.Now(), chores[0])
	}
	if s.cluster.Changes() != before {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

var errAway = errors.New("no broker there")

func (l *testLink) Exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error) {
	if l.Context().Err() != nil {
		return nil, stream.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer context.AfterFunc(l.Context(), cancel)()
	var reply *Reply
	var answer protocol.Message
	var changed <-chan struct{}
	look := func(c *Cluster) {
		if reply != nil && reply.Answer(time.Now()) {
			answer = reply.Deliver(req)
		}
		changed = l.changed
	}
	l.use(func(c *Cluster) {
		if alive := c.Brokers(); node == kafka.AnyBroker && len(alive) > 0 {
			node = alive[0]
		}
		reply = c.Handle(time.Now(), node, req)
		look(c)
	})
	if reply == nil {
		return nil, &kafka.UnreachableError{Where: "a broker", Err: errAway}
	}
	for answer == nil {
		timer := time.NewTimer(time.Until(reply.Until))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, &kafka.UnreachableError{Where: "a broker", Err: ctx.Err()}
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
		l.use(look)
	}
	return answer, nil
}

// open returns a client of the cluster. It is closed with the test.
func (s *shared) open(t *testing.T) *kafka.System {
	t.Helper()
	sys, err := kafka.OpenOn(t.Context(), s.link(), kafka.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sys.Close(); err != nil {
			t.Error(err)
		}
	})
	return sys
}
