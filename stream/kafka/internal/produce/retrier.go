package produce

import (
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A retrier has the outboxes of a sender tried again whose batches were refused or lost. It
// is guarded by the sender's lock.
type retrier struct {
	sender  *sender
	waiting []*partitionBuffer // wait to be tried again
	running bool
	stalled bool // that has been logged
}

// retryLater lists an outbox to be tried again a little later, and gives up if that
// has gone on for too long. The caller holds mu.
func (r *retrier) retryLater(o *partitionBuffer, cause error) {
	s := r.sender
	now := s.link.Now()
	if o.failingSince.IsZero() {
		o.failingSince = now
	}
	lasted := now.Sub(o.failingSince)
	if lasted >= s.patience {
		s.life.Fail(fmt.Errorf("send to %s: tried for %s: %w", o.TopicPartition, lasted.Round(time.Second), cause))
	}
	if lasted >= link.StallAfter && !r.stalled {
		r.stalled = true
		s.log.Warn("records can't be delivered; trying on", "topic", o.Topic, "partition", o.Partition, "error", cause)
	}
	o.retryAt = now.Add(link.Backoff(o.failures))
	o.failures++
	o.queued = true
	r.waiting = append(r.waiting, o)
	if !r.running {
		r.running = true
		s.life.Go(r.run)
	}
}

// recovered logs that nobody is in trouble any more. The caller holds mu.
func (r *retrier) recovered() {
	s := r.sender
	if r.stalled && len(r.waiting) == 0 {
		r.stalled = false
		s.log.Info("records are delivered again")
	}
}

// run looks after the outboxes in trouble until there are none: when their time
// has come it asks who leads their partitions now, and has them sent there.
func (r *retrier) run() {
	s := r.sender
	for {
		wait, ok := r.nextRetry()
		if !ok || s.link.Sleep(s.life.Context(), wait) != nil {
			return
		}
		due := r.due()
		var topics []string
		for _, o := range due {
			if !slices.Contains(topics, o.Topic) {
				topics = append(topics, o.Topic)
			}
		}
		err := s.cluster.Refresh(s.life.Context(), topics...)
		r.retry(due, err)
	}
}

// nextRetry is how long to wait for the next one; false if there is none.
func (r *retrier) nextRetry() (time.Duration, bool) {
	s := r.sender
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(r.waiting) == 0 || s.stopped || s.life.Failure() != nil {
		r.running = false
		return 0, false
	}
	first := slices.MinFunc(r.waiting, func(a, b *partitionBuffer) int { return a.retryAt.Compare(b.retryAt) })
	return max(first.retryAt.Sub(s.link.Now()), 0), true
}

// due takes out those whose time has come.
func (r *retrier) due() []*partitionBuffer {
	s := r.sender
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.link.Now()
	var due []*partitionBuffer
	r.waiting = slices.DeleteFunc(r.waiting, func(o *partitionBuffer) bool {
		come := !o.retryAt.After(now)
		if come {
			due = append(due, o)
		}
		return come
	})
	return due
}

// retry has the outboxes sent, as far as they have a leader. refreshing is what
// came of asking for them.
func (r *retrier) retry(due []*partitionBuffer, refreshing error) {
	s := r.sender
	s.mu.Lock()
	defer s.mu.Unlock()
	if refreshing != nil && s.life.Context().Err() == nil && !kerr.Temporary(refreshing) {
		s.life.Fail(refreshing)
	}
	for _, o := range due {
		o.queued = false
		switch {
		case !o.sendable(): // it was dropped
		case s.cluster.Leader(o.TopicPartition).Node != cluster.NoLeader:
			s.makeReady(o)
		case s.cluster.Partitions(o.Topic) == 0:
			r.retryLater(o, kerr.UnknownTopic)
		default:
			r.retryLater(o, kerr.LeaderNotAvailable)
		}
	}
	s.dispatch()
}
