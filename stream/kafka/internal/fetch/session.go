package fetch

import (
	"context"
	"errors"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A session is a fetch session with its request under way, if there is one.
type session struct {
	state   sessionState
	fetcher *fetcher
	picked  []*cursor // for the next request
	want    []wire.FetchPartition
	spare   *request // to be used again

	inFlight  *request  // nil: the lane is free
	deadline  time.Time // when the broker answers it at the latest
	idle      bool      // it asks for partitions that were read to their end, alone
	empty     bool      // the last answer brought nothing
	restarted bool      // the last answer was that the session isn't known
}

// A request is a fetch request, and its answer.
type request struct {
	fetch     wire.Fetch
	consumer  *Consumer
	cursors   []*cursor // that it asks for
	reserved  int64     // memory for the answer
	taken     int64     // memory in which it arrives
	abandoned bool      // nobody waits for it any more
	sent      time.Time
}

// take gives memory to records that arrive, in the connection's goroutine.
func (q *request) take(n int) []byte {
	c := q.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.abandoned {
		return make([]byte, n)
	}
	b := c.budget.pool.take(n)
	q.taken += int64(cap(b))
	arrived := min(int64(cap(b)), q.reserved)
	q.reserved -= arrived
	c.budget.pool.reserved -= arrived
	return b
}

// start sends a request for the readings that were picked. Its answer has maxBytes
// at most, unless a single batch is larger, and so much memory is reserved. The
// broker may wait for something to give for as long as wait. The caller holds
// consumer.mu.
func (l *session) start(maxBytes, reserved int64, wait time.Duration) {
	c := l.fetcher.consumer
	q := l.spare
	if q == nil {
		q = &request{consumer: c}
		q.fetch.Take = q.take
	}
	l.spare, l.inFlight = nil, q
	q.cursors = append(q.cursors[:0], l.picked...)
	l.want, l.idle = l.want[:0], true
	first := 0
	for i, r := range q.cursors {
		r.request = q
		if r.served < q.cursors[first].served {
			first = i
		}
		l.idle = l.idle && r.atEnd()
		l.want = append(l.want, wire.FetchPartition{
			TopicPartition: r.TopicPartition, LeaderEpoch: r.epoch, Offset: r.fetch, MaxBytes: int32(c.budget.quota(r)),
		})
	}
	q.taken = 0
	q.fetch.MaxWait, q.fetch.MinBytes, q.fetch.MaxBytes = int32(wait.Milliseconds()), 1, int32(maxBytes)
	l.state.next(&q.fetch, l.want, first)
	q.reserved = reserved
	c.budget.pool.reserve(reserved)
	q.sent = c.link.Now()
	l.deadline = q.sent.Add(wait)
	c.link.Run(func() { l.exchange(q, wait) })
}

// exchange gets the answer, in a goroutine of its own.
func (l *session) exchange(q *request, wait time.Duration) {
	c := l.fetcher.consumer
	_, err := c.link.Exchange(c.ctx, l.fetcher.node, &q.fetch, wait+link.RequestTimeout)
	throttle := l.arrive(q, err)
	if throttle > 0 && c.link.Sleep(c.ctx, throttle) != nil {
		return // closed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l.inFlight = nil
	c.pump()
}

// sessionTimeout is for telling a broker that a session isn't needed any more. It
// would find out by itself.
const sessionTimeout = time.Second

// end tells the broker that the session isn't needed any more.
func (l *session) end() {
	c := l.fetcher.consumer
	f := &wire.Fetch{Take: func(n int) []byte { return make([]byte, n) }}
	if l.inFlight != nil || !l.state.close(f) {
		return
	}
	node := l.fetcher.node
	c.link.Run(func() {
		if _, err := c.link.Exchange(context.Background(), node, f, sessionTimeout); err != nil && !errors.Is(err, stream.ErrClosed) {
			c.client.Log.Debug("a fetch session is left to expire", "broker", node, "error", err)
		}
	})
}
