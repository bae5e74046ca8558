package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// arrive takes in the answer to a lane's request, or the error instead. It returns
// how long the broker wants not to be asked again.
func (c *consumer) arrive(l *lane, q *request, err error) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool.reserved -= q.reserved
	q.reserved = 0
	if c.over {
		q.over = true
		return 0
	}
	l.quiet = true
	if err != nil {
		// The connection may still write to what it took: nobody uses that again.
		q.over = true
		c.pool.held -= q.taken
		l.session.lost()
		c.unanswered(l.fetcher, q, err)
		return 0
	}
	answer := &q.fetch.Answer
	c.answers++
	c.answered(l.fetcher)
	err = l.session.answered(answer)
	if err != nil {
		c.refused(l, q, err)
	} else {
		l.restarted = false
		for i := range answer.Partitions {
			c.sort(l, q, &answer.Partitions[i])
		}
	}
	for _, r := range q.readings {
		if r.asked != q {
			continue
		}
		r.asked = nil
		if err == nil && r.state == healthy {
			r.asOf = q.sent
		}
		if r.atEnd() {
			r.served = c.answers
		}
	}
	l.spare = q
	return time.Duration(answer.Throttle) * time.Millisecond
}

// sort puts what was answered of a partition where it belongs.
func (c *consumer) sort(l *lane, q *request, p *wire.FetchedPartition) {
	r := c.byName[p.TopicPartition]
	if r == nil || r.asked != q { // it was moved or given up meanwhile
		c.pool.put(p.Records)
		return
	}
	if p.Code != 0 {
		c.pool.put(p.Records)
		c.failed(r, code(p.Code))
		c.wake()
		return
	}
	r.failures = 0
	if p.StableEnd != r.end {
		r.end = p.StableEnd
		c.wake()
	}
	if len(p.Records) == 0 {
		return
	}
	l.quiet = false
	c.store(r, p)
}

// store adds a block of records.
func (c *consumer) store(r *reading, p *wire.FetchedPartition) {
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
		if c.usual == 0 {
			c.usual = b.largest
		}
		c.usual += (b.largest - c.usual) / 8
	}
	if err != nil {
		c.pool.put(p.Records)
		b.buf = nil
		c.blocks = append(c.blocks, b)
		c.refetch(r, fmt.Errorf("%w: %w", stream.ErrCorrupt, err))
		return
	}
	r.blocks[r.n] = b
	r.n++
	r.fetch = b.next
	r.end = max(r.end, r.fetch) // records may have come in after the broker looked
	r.served = c.answers
	c.wake()
}

// answered notes that a broker is there.
func (c *consumer) answered(f *fetcher) {
	if f.away {
		f.away = false
		c.system.log.Warn("a broker answers again", "broker", f.node)
	}
}

// unanswered is called when a broker gave no answer.
func (c *consumer) unanswered(f *fetcher, q *request, err error) {
	if !temporary(err) {
		c.err = fmt.Errorf("read: %w", err)
		c.wake()
	} else if !f.away {
		f.away = true
		c.system.log.Warn("a broker doesn't answer; trying on", "broker", f.node, "error", err)
	}
	for _, r := range q.readings {
		if r.asked != q {
			continue
		}
		r.asked = nil
		if temporary(err) {
			c.trouble(r, err)
		} else {
			r.state = stopped
		}
	}
}

// refused is called when a broker refuses a request as a whole. That it has
// forgotten the session is no trouble, unless it does so again at once.
func (c *consumer) refused(l *lane, q *request, err error) {
	again := l.restarted
	l.restarted = errors.Is(err, fetchSessionUnknown) || errors.Is(err, fetchSessionEpoch)
	if l.restarted && !again {
		return
	}
	for _, r := range q.readings {
		if r.asked == q {
			c.trouble(r, err)
		}
	}
}

// Bounds of what is asked of a partition at once.
const (
	minQuota = 4 << 10
	maxQuota = 1 << 20
)

// quota is how many bytes a partition may get at once: its part of a quarter of
// the memory, so that all can have a block in hand, one ahead, and there is something
// left; but as much as one batch takes, else others could keep it from getting
// any.
func (c *consumer) quota(r *reading) int64 {
	share := min(max(c.max/4/int64(len(c.assigned)), minQuota), maxQuota)
	share = 1 << (bits.Len64(uint64(share)) - 1) // it changes seldom
	if r.largest > 0 {
		return max(share, int64(r.largest))
	}
	return max(share, int64(c.usual))
}

// expected is how large a batch of a partition is, to judge by those before.
func (c *consumer) expected(r *reading) int64 {
	return int64(cmp.Or(r.largest, c.usual, commonBatch))
}

// commonBatch is the most that a broker takes, unless it is told otherwise.
const commonBatch = 1 << 20

// room is what may still be asked for. A block that is larger than all there is isn't
// counted, else others would have to wait for it to be released.
func (c *consumer) room() int64 {
	room := c.pool.room()
	if room > 0 {
		return room
	}
	largest := 0
	for _, r := range c.assigned {
		for _, b := range r.blocks[:r.n] {
			largest = max(largest, cap(b.buf))
		}
	}
	if int64(largest) > c.pool.max {
		room += int64(largest)
	}
	return room
}

// quotas is what some partitions may get together.
func (c *consumer) quotas(of []*reading) int64 {
	sum := int64(0)
	for _, r := range of {
		sum += c.quota(r)
	}
	return min(sum, math.MaxInt32)
}

// pump starts the requests that can be started; where memory is short, those to
// brokers that have waited longest. The caller holds mu.
func (c *consumer) pump() {
	if c.over {
		return
	}
	now := c.link.Now()
	slices.SortStableFunc(c.fetchers, func(a, b *fetcher) int { return cmp.Compare(a.started, b.started) })
	for _, f := range c.fetchers {
		f.pump(now)
	}
}

// follow has a partition fetched from its leader. It reports false if nobody is
// known to be that. The caller holds mu.
func (c *consumer) follow(r *reading) bool {
	l := c.system.cluster.leader(r.TopicPartition)
	if l.node == noLeader {
		return false
	}
	f := c.fetcherOf(l.node)
	if r.fetcher != f {
		if r.fetcher != nil {
			r.fetcher.remove(r)
		}
		f.add(r)
	}
	r.epoch = l.epoch
	r.state = healthy
	return true
}

func (c *consumer) fetcherOf(node int32) *fetcher {
	i := slices.IndexFunc(c.fetchers, func(f *fetcher) bool { return f.node == node })
	if i < 0 {
		i = len(c.fetchers)
		c.fetchers = append(c.fetchers, newFetcher(c, node))
	}
	return c.fetchers[i]
}
