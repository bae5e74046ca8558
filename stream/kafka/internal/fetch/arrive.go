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

// arrive takes in the answer to a lane's request, or the error instead. It returns
// how long the broker wants not to be asked again.
func (l *session) arrive(q *request, err error) time.Duration {
	c := l.fetcher.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budget.pool.reserved -= q.reserved
	q.reserved = 0
	if c.stopped {
		q.abandoned = true
		return 0
	}
	l.empty = true
	if err != nil {
		// The connection may still write to what it took: nobody uses that again.
		q.abandoned = true
		c.budget.pool.held -= q.taken
		l.state.lost()
		l.failed(q, err)
		return 0
	}
	answer := &q.fetch.Answer
	c.answers++
	l.fetcher.reachable()
	err = l.state.answered(answer)
	if err != nil {
		l.refused(q, err)
	} else {
		l.restarted = false
		for i := range answer.Partitions {
			l.accept(q, &answer.Partitions[i])
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
	l.spare = q
	return time.Duration(answer.Throttle) * time.Millisecond
}

// accept puts what was answered of a partition where it belongs.
func (l *session) accept(q *request, p *wire.FetchedPartition) {
	c := l.fetcher.consumer
	r := c.byName[p.TopicPartition]
	if r == nil || r.request != q { // it was moved or given up meanwhile
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
	if p.StableEnd != r.stableEnd {
		r.stableEnd = p.StableEnd
		c.wake()
	}
	if len(p.Records) == 0 {
		return
	}
	l.empty = false
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
	if err == nil && b.next == r.fetch { // a broker never gives just a part of the first batch
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
		c.recovery.refetch(r, fmt.Errorf("%w: %w", stream.ErrCorrupt, err))
		return
	}
	r.blocks[r.n] = b
	r.n++
	r.fetch = b.next
	r.stableEnd = max(r.stableEnd, r.fetch) // records may have come in after the broker looked
	r.served = c.answers
	c.wake()
}

// reachable notes that a broker is there.
func (f *fetcher) reachable() {
	if f.unreachable {
		f.unreachable = false
		f.consumer.client.Log.Warn("a broker answers again", "broker", f.node)
	}
}

// failed is called when a broker gave no answer.
func (l *session) failed(q *request, err error) {
	f := l.fetcher
	c := f.consumer
	if !kerr.Temporary(err) {
		c.err = fmt.Errorf("read: %w", err)
		c.wake()
	} else if !f.unreachable {
		f.unreachable = true
		c.client.Log.Warn("a broker doesn't answer; trying on", "broker", f.node, "error", err)
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

// refused is called when a broker refuses a request as a whole. That it has
// forgotten the session is no trouble, unless it does so again at once.
func (l *session) refused(q *request, err error) {
	c := l.fetcher.consumer
	again := l.restarted
	l.restarted = errors.Is(err, kerr.FetchSessionUnknown) || errors.Is(err, kerr.FetchSessionEpoch)
	if l.restarted && !again {
		return
	}
	for _, r := range q.cursors {
		if r.request == q {
			c.recovery.retryLater(r, err)
		}
	}
}
