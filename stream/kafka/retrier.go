package kafka

import (
	"fmt"
	"slices"
	"time"
)

// A retrier has the outboxes of a sender tried again whose batches were refused or lost. It
// is guarded by the sender's lock.
type retrier struct {
	sender   *sender
	troubled []*outbox // wait to be tried again
	running  bool
	stalled  bool // that has been logged
}

// trouble lists an outbox to be tried again a little later, and gives up if that
// has gone on for too long. The caller holds mu.
func (r *retrier) trouble(o *outbox, cause error) {
	s := r.sender
	now := s.link.Now()
	if o.since.IsZero() {
		o.since = now
	}
	lasted := now.Sub(o.since)
	if lasted >= s.patience {
		s.life.fail(fmt.Errorf("send to %s: tried for %s: %w", o.TopicPartition, lasted.Round(time.Second), cause))
	}
	if lasted >= stallAfter && !r.stalled {
		r.stalled = true
		s.log.Warn("records can't be delivered; trying on", "topic", o.Topic, "partition", o.Partition, "error", cause)
	}
	o.retryAt = now.Add(backoff(o.failures))
	o.failures++
	o.listed = true
	r.troubled = append(r.troubled, o)
	if !r.running {
		r.running = true
		s.life.run(r.mend)
	}
}

// recovered logs that nobody is in trouble any more. The caller holds mu.
func (r *retrier) recovered() {
	s := r.sender
	if r.stalled && len(r.troubled) == 0 {
		r.stalled = false
		s.log.Info("records are delivered again")
	}
}

// mend looks after the outboxes in trouble until there are none: when their time
// has come it asks who leads their partitions now, and has them sent there.
func (r *retrier) mend() {
	s := r.sender
	for {
		wait, ok := r.nextTry()
		if !ok || s.link.Sleep(s.life.context(), wait) != nil {
			return
		}
		due := r.due()
		var topics []string
		for _, o := range due {
			if !slices.Contains(topics, o.Topic) {
				topics = append(topics, o.Topic)
			}
		}
		err := s.cluster.refresh(s.life.context(), topics...)
		r.retry(due, err)
	}
}

// nextTry is how long to wait for the next one; false if there is none.
func (r *retrier) nextTry() (time.Duration, bool) {
	s := r.sender
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(r.troubled) == 0 || s.stopped || s.life.failure() != nil {
		r.running = false
		return 0, false
	}
	first := slices.MinFunc(r.troubled, func(a, b *outbox) int { return a.retryAt.Compare(b.retryAt) })
	return max(first.retryAt.Sub(s.link.Now()), 0), true
}

// due takes out those whose time has come.
func (r *retrier) due() []*outbox {
	s := r.sender
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.link.Now()
	var due []*outbox
	r.troubled = slices.DeleteFunc(r.troubled, func(o *outbox) bool {
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
func (r *retrier) retry(due []*outbox, refreshing error) {
	s := r.sender
	s.mu.Lock()
	defer s.mu.Unlock()
	if refreshing != nil && s.life.context().Err() == nil && !temporary(refreshing) {
		s.life.fail(refreshing)
	}
	for _, o := range due {
		o.listed = false
		switch {
		case !o.waiting(): // it was dropped
		case s.cluster.leader(o.TopicPartition).node != noLeader:
			s.offer(o)
		case s.cluster.partitions(o.Topic) == 0:
			r.trouble(o, unknownTopic)
		default:
			r.trouble(o, leaderNotAvailable)
		}
	}
	s.dispatch()
}
