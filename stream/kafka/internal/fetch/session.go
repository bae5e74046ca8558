package fetch

import (
	"context"
	"errors"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A session is a fetch session with one broker, with at most one request in flight.
type session struct {
	state   sessionState
	fetcher *fetcher
	picked  []*cursor // for the next request
	want    []wire.FetchPartition
	spare   *request // free

	lastStart int64     // Consumer.starts at its last request
	inFlight  *request  // nil: the next one may be sent
	deadline  time.Time // when the broker answers at the latest
	idle      bool      // it requests only partitions at their end
	empty     bool      // the last answer had no records
	restarted bool      // the last answer was that the broker doesn't know the session
}

// A request is a fetch request and its answer.
type request struct {
	fetch     wire.Fetch
	consumer  *Consumer
	cursors   []*cursor // the partitions that it requests
	reserved  int64     // memory for the answer
	taken     int64     // memory that the answer has taken
	abandoned bool      // its answer is no longer of use
	sent      time.Time
}

// take returns memory for arriving records. The connection's goroutine calls it.
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

// start sends a request for the picked cursors. The answer has at most maxBytes, unless a
// single batch is larger, and reserved bytes are reserved for it. The broker may delay the
// answer by wait while it has no records. The caller holds Consumer.mu.
func (s *session) start(maxBytes, reserved int64, wait time.Duration) {
	c := s.fetcher.consumer
	q := s.spare
	if q == nil {
		q = &request{consumer: c}
		q.fetch.Take = q.take
	}
	s.spare, s.inFlight = nil, q
	c.starts++
	s.lastStart = c.starts
	q.cursors = append(q.cursors[:0], s.picked...)
	s.want, s.idle = s.want[:0], true
	first := 0
	for i, r := range q.cursors {
		r.request = q
		if r.served < q.cursors[first].served {
			first = i
		}
		s.idle = s.idle && r.atEnd()
		s.want = append(s.want, wire.FetchPartition{
			TopicPartition: r.TopicPartition, LeaderEpoch: r.epoch, Offset: r.fetch, MaxBytes: int32(c.budget.quota(r)),
		})
	}
	q.taken = 0
	q.fetch.MaxWait, q.fetch.MinBytes, q.fetch.MaxBytes = int32(wait.Milliseconds()), 1, int32(maxBytes)
	s.state.next(&q.fetch, s.want, first)
	q.reserved = reserved
	c.budget.pool.reserve(reserved)
	q.sent = c.link.Now()
	s.deadline = q.sent.Add(wait)
	c.link.Run(func() { s.exchange(q, wait) })
}

// exchange waits for the answer, in a goroutine of its own.
func (s *session) exchange(q *request, wait time.Duration) {
	c := s.fetcher.consumer
	_, err := c.link.Exchange(c.ctx, s.fetcher.node, &q.fetch, wait+link.RequestTimeout)
	throttle := s.arrive(q, err)
	if throttle > 0 && c.link.Sleep(c.ctx, throttle) != nil {
		return // closed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.inFlight = nil
	c.pump()
}

// sessionTimeout bounds the request that ends a session. Without it the broker lets the
// session expire.
const sessionTimeout = time.Second

// end tells the broker to forget the session.
func (s *session) end() {
	c := s.fetcher.consumer
	f := &wire.Fetch{Take: func(n int) []byte { return make([]byte, n) }}
	if s.inFlight != nil || !s.state.close(f) {
		return
	}
	node := s.fetcher.node
	c.link.Run(func() {
		if _, err := c.link.Exchange(context.Background(), node, f, sessionTimeout); err != nil && !errors.Is(err, stream.ErrClosed) {
			c.client.Log.Debug("fetch session will expire at the broker", "broker", node, "error", err)
		}
	})
}
