package fetch

import (
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// arrive takes in the answer to a request, or its error. It returns how long to leave the
// broker alone.
func (s *session) arrive(q *request, err error) time.Duration {
	c := s.fetcher.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budget.pool.reserved -= q.reserved
	q.reserved = 0
	if c.stopped {
		q.abandoned = true
		return 0
	}
	s.empty = true
	if err != nil {
		// The connection may still write to the buffers that it took: they are not reused.
		q.abandoned = true
		c.budget.pool.held -= q.taken
		s.state.lost()
		s.failed(q, err)
		return 0
	}
	answer := &q.fetch.Answer
	c.answers++
	s.fetcher.reachable()
	err = s.state.answered(answer)
	if err != nil {
		s.refused(q, err)
	} else {
		s.restarted = false
		for i := range answer.Partitions {
			s.accept(q, &answer.Partitions[i])
		}
	}
	for _, r := range q.cursors {
		if r.request != q {
			continue
		}
		r.request = nil
		if err == nil && r.state == healthy {
			r.endAsOf = q.sent
		}
		if r.atEnd() {
			r.served = c.answers
		}
	}
	s.spare = q
	return time.Duration(answer.Throttle) * time.Millisecond
}

// accept takes in one partition of an answer.
func (s *session) accept(q *request, p *wire.FetchedPartition) {
	c := s.fetcher.consumer
	r := c.byName[p.TopicPartition]
	if r == nil || r.request != q { // moved or unassigned meanwhile
		c.budget.pool.put(p.Records)
		return
	}
	if p.Code != 0 {
		c.budget.pool.put(p.Records)
		c.recovery.failed(r, kerr.Code(p.Code))
		c.wake()
		return
	}
	r.failures = 0
	if r.vanished {
		c.budget.pool.put(p.Records)
		c.recovery.stop(r, &stream.TopicVanishedError{TopicPartition: r.TopicPartition})
		return
	}
	if p.StableEnd != r.stableEnd {
		r.stableEnd = p.StableEnd
		c.wake()
	}
	if len(p.Records) == 0 {
		return
	}
	s.empty = false
	c.store(r, p)
}

// store adds a block of records.
func (c *Consumer) store(r *cursor, p *wire.FetchedPartition) {
	b := new(block)
	if last := len(c.blocks) - 1; last >= 0 {
		b = c.blocks[last]
		c.blocks = c.blocks[:last]
	}
	err := b.fill(p.Records, p.Aborted, r.fetch)
	if err == nil && b.next == r.fetch { // a broker never sends just a part of the first batch
		err = fmt.Errorf("%w: %d bytes are no batch", batch.ErrCorrupt, len(p.Records))
	}
	if err == nil {
		r.largest = b.largest
		if c.budget.usual == 0 {
			c.budget.usual = b.largest
		}
		c.budget.usual += (b.largest - c.budget.usual) / 8
	}
	if err != nil {
		c.budget.pool.put(p.Records)
		b.buf = nil
		c.blocks = append(c.blocks, b)
		if unreadable := (*stream.UnreadableError)(nil); errors.As(err, &unreadable) {
			unreadable.TopicPartition = r.TopicPartition
			c.recovery.stop(r, err)
			return
		}
		c.recovery.refetch(r, fmt.Errorf("%w: %w", stream.ErrCorrupt, err))
		return
	}
	r.blocks[r.n] = b
	r.n++
	r.fetch = b.next
	r.stableEnd = max(r.stableEnd, r.fetch) // records may have been appended since the broker took the end
	r.served = c.answers
	c.wake()
}

// reachable notes that the broker answers.
func (f *fetcher) reachable() {
	if f.unreachable {
		f.unreachable = false
		f.consumer.client.Log.Warn("broker answers again", "broker", f.node)
	}
}

// failed handles a request without an answer.
func (s *session) failed(q *request, err error) {
	f := s.fetcher
	c := f.consumer
	if !kerr.Temporary(err) {
		c.err = fmt.Errorf("read: %w", err)
		c.wake()
	} else if !f.unreachable {
		f.unreachable = true
		c.client.Log.Warn("broker doesn't answer; retrying", "broker", f.node, "error", err)
	}
	for _, r := range q.cursors {
		if r.request != q {
			continue
		}
		r.request = nil
		if kerr.Temporary(err) {
			c.recovery.retryLater(r, err)
		} else {
			r.state = stopped
		}
	}
}

// refused handles an answer that refuses the whole request. An unknown session is no
// failure, unless the next answer says the same.
func (s *session) refused(q *request, err error) {
	c := s.fetcher.consumer
	again := s.restarted
	s.restarted = errors.Is(err, kerr.FetchSessionUnknown) || errors.Is(err, kerr.FetchSessionEpoch)
	if s.restarted && !again {
		return
	}
	for _, r := range q.cursors {
		if r.request == q {
			c.recovery.retryLater(r, err)
		}
	}
}
