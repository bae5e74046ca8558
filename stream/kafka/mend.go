package kafka

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// This file is how a sender gets over failures.

var errNoAnswer = errors.New("its answer leaves the partition out")

// stallAfter is how long a partition is in trouble before it is logged.
const stallAfter = 2 * time.Second

// lost sees to a request without an answer. Nobody knows whether the broker has
// the batches: they are sent again as they are. The request's memory may be used
// still. The caller holds mu.
func (s *sender) lost(d *destination, err error) {
	d.request = nil
	if s.life.ctx.Err() == nil && !temporary(err) {
		s.life.fail(err)
	}
	if !d.away && !s.stopped && s.life.failure() == nil {
		d.away = true
		s.log.Warn("a broker doesn't answer; trying on", "broker", d.node, "error", err)
	}
	for _, f := range d.load {
		f.sequence.missed(false)
		s.trouble(f.outbox, err)
	}
}

// trouble lists an outbox to be tried again a little later, and gives up if that
// has gone on for too long. The caller holds mu.
func (s *sender) trouble(o *outbox, cause error) {
	now := s.link.Now()
	if o.since.IsZero() {
		o.since = now
	}
	lasted := now.Sub(o.since)
	if lasted >= s.patience {
		s.life.fail(fmt.Errorf("send to %s: tried for %s: %w", o.TopicPartition, lasted.Round(time.Second), cause))
	}
	if lasted >= stallAfter && !s.stalled {
		s.stalled = true
		s.log.Warn("records can't be delivered; trying on", "topic", o.Topic, "partition", o.Partition, "error", cause)
	}
	o.retryAt = now.Add(backoff(o.failures))
	o.failures++
	o.listed = true
	s.troubled = append(s.troubled, o)
	if !s.mending {
		s.mending = true
		s.life.run(s.mend)
	}
}

// recovered logs that nobody is in trouble any more. The caller holds mu.
func (s *sender) recovered() {
	if s.stalled && len(s.troubled) == 0 {
		s.stalled = false
		s.log.Info("records are delivered again")
	}
}

// mend looks after the outboxes in trouble until there are none: when their time
// has come it asks who leads their partitions now, and has them sent there.
func (s *sender) mend() {
	for {
		wait, ok := s.nextTry()
		if !ok || s.link.Sleep(s.life.ctx, wait) != nil {
			return
		}
		due := s.due()
		var topics []string
		for _, o := range due {
			if !slices.Contains(topics, o.Topic) {
				topics = append(topics, o.Topic)
			}
		}
		err := s.cluster.refresh(s.life.ctx, topics...)
		s.retry(due, err)
	}
}

// nextTry is how long to wait for the next one; false if there is none.
func (s *sender) nextTry() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.troubled) == 0 || s.stopped || s.life.failure() != nil {
		s.mending = false
		return 0, false
	}
	first := slices.MinFunc(s.troubled, func(a, b *outbox) int { return a.retryAt.Compare(b.retryAt) })
	return max(first.retryAt.Sub(s.link.Now()), 0), true
}

// due takes out those whose time has come.
func (s *sender) due() []*outbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.link.Now()
	var due []*outbox
	s.troubled = slices.DeleteFunc(s.troubled, func(o *outbox) bool {
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
func (s *sender) retry(due []*outbox, refreshing error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refreshing != nil && s.life.ctx.Err() == nil && !temporary(refreshing) {
		s.life.fail(refreshing)
	}
	for _, o := range due {
		o.listed = false
		switch {
		case !o.waiting(): // it was dropped
		case s.cluster.leader(o.TopicPartition).node != noLeader:
			s.offer(o)
		case s.cluster.partitions(o.Topic) == 0:
			s.trouble(o, unknownTopic)
		default:
			s.trouble(o, leaderNotAvailable)
		}
	}
	s.dispatch()
}

// refusal explains why a broker won't have a batch.
func (s *sender) refusal(o *outbox, a *wire.ProducedPartition) error {
	p := o.sequence.queue[0]
	var err error
	switch c := code(a.Code); c {
	case messageTooLarge, recordListTooLarge:
		what := fmt.Sprintf("%d records together", p.count)
		if p.count == 1 {
			what = "a record"
		}
		err = fmt.Errorf("%w: %s of %d bytes; raise the topic's max.message.bytes (and segment.bytes, if that is lower), or send less at once", c, what, len(p.bytes)-wire.BatchRoom)
	case staleProducerEpoch, producerFenced:
		err = s.fenced(c)
	case invalidRecord:
		err = fmt.Errorf("%w (a compacted topic takes only records with a key)", c)
	case badTimestamp:
		err = fmt.Errorf("%w: a record's time is further ahead of the broker's clock, or behind it, than the topic's message.timestamp.after.max.ms or message.timestamp.before.max.ms allows", c)
	default:
		err = denied(c, "Write", topicResource, o.Topic)
	}
	return fmt.Errorf("send to %s: %w", o.TopicPartition, explained(err, a.Message))
}

// fenced is what a refused epoch means: only a transactional id can be taken over.
func (s *sender) fenced(c code) error {
	if s.transaction == "" {
		return c
	}
	return fmt.Errorf("%w, or the transaction was open for longer than %s", stream.ErrFenced, transactionTimeout)
}
