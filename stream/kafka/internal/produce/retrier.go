package produce

import (
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A retrier sends batches again that were refused or lost. The sender's lock guards it.
type retrier struct {
	sender  *sender
	waiting []*partitionBuffer // for their retries
	running bool
	stalled bool // it has been logged
}

// retryLater schedules a retry of a buffer, or fails the producer when the buffer has
// failed for longer than patience. The caller holds mu.
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
		s.log.Warn("records can't be delivered; retrying", "topic", o.Topic, "partition", o.Partition, "error", cause)
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

// recovered logs that no buffer is failing any more. The caller holds mu.
func (r *retrier) recovered() {
	s := r.sender
	if r.stalled && len(r.waiting) == 0 {
		r.stalled = false
		s.log.Info("records are delivered again")
	}
}

// run retries the buffers that are due until none is left: it refreshes the leaders of
// their partitions, and sends to these.
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

// nextRetry returns how long to wait for the next retry; false if there is none.
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

// due removes the buffers whose retries are due.
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

// retry sends the buffers that have a leader. refreshing is the result of refreshing them.
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
		case !o.sendable(): // dropped
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
