package produce

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A sender delivers batches to the leaders of their partitions. Each broker has at most
// one request in flight, with the first batch of every partition that was sendable when
// the request was sent. That keeps the order within a partition whatever fails, and the
// next batches fill meanwhile. Its retrier sends again what has failed.
//
// The producer's goroutine calls enqueue, send and so on; answers arrive on other
// goroutines.
type sender struct {
	life        *link.Lifetime
	link        link.Link
	cluster     *cluster.Metadata
	log         *slog.Logger
	patience    time.Duration
	codec       batch.Codec
	transaction string // the transactional id; "" for none

	buffered atomic.Int64 // size of the undelivered batches

	mu           sync.Mutex
	producer     producerID
	batchPool    batchPool
	undelivered  int                // batches
	sendable     []*partitionBuffer // in the order in which they became so
	retrier      retrier
	destinations []*destination // in the order of their first requests
	stopped      bool
	allDelivered link.Signal // given when everything is delivered
	idleSignal   link.Signal // given when no request is in flight
}

const (
	// requestBytes bounds a request of more than one batch, uncompressed.
	requestBytes = 4 << 20
	// followerTimeout is how long a leader waits for its followers. It exceeds the time in
	// which a dead follower is noticed.
	followerTimeout = 15 * time.Second
)

// newBatch returns a batch for records.
func (s *sender) newBatch(room int) *recordBatch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batchPool.take(room)
}

// enqueue queues a batch behind the others of its partition. The next send sends it.
func (s *sender) enqueue(o *partitionBuffer, p *recordBatch) {
	s.buffered.Add(p.size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undelivered++
	o.sequence.push(p)
	s.makeReady(o)
}

// send sends what is sendable.
func (s *sender) send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch()
}

// release lets buffers send: their partitions belong to the transaction.
func (s *sender) release(all []*partitionBuffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		o.held = false
		s.makeReady(o)
	}
	s.dispatch()
}

// hold makes buffers, which are empty, wait for the next transaction.
func (s *sender) hold(all []*partitionBuffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		o.held = true
	}
}

// ends returns the ends of the buffers' partitions, as far as the brokers have told them.
func (s *sender) ends(all []*partitionBuffer) []stream.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	ends := make([]stream.Position, 0, len(all))
	for _, o := range all {
		if o.end != unknownEnd {
			ends = append(ends, stream.Position{TopicPartition: o.TopicPartition, Offset: o.end})
		}
	}
	return ends
}

// setProducer makes batches be numbered from 0, under another producer id or epoch.
func (s *sender) setProducer(who producerID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.producer = who
}

// drop takes back the batches that no broker can have seen.
func (s *sender) drop(all []*partitionBuffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		for _, p := range o.sequence.drop() {
			s.recycle(p)
		}
	}
}

// recycle puts a batch into the pool.
func (s *sender) recycle(p *recordBatch) {
	s.buffered.Add(-p.size)
	s.batchPool.put(p)
	if s.undelivered--; s.undelivered == 0 {
		s.allDelivered.Give()
	}
}

// delivered returns a channel that is closed when everything is delivered.
func (s *sender) delivered() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.allDelivered.Done(s.undelivered == 0)
}

// stop sends nothing any more. It returns a channel that is closed when no request is in
// flight.
func (s *sender) stop() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	return s.idleSignal.Done(s.idle())
}

func (s *sender) idle() bool {
	return !slices.ContainsFunc(s.destinations, func(d *destination) bool { return d.busy })
}

// makeReady lists a buffer that has something to send. The caller holds mu, and then calls
// dispatch.
func (s *sender) makeReady(o *partitionBuffer) {
	if !o.queued && o.sendable() {
		o.queued = true
		s.sendable = append(s.sendable, o)
	}
}

// dispatch sends what is sendable to each idle broker. Buffers that remain wait for a busy
// broker, whose answer calls dispatch again. The caller holds mu.
func (s *sender) dispatch() {
	if s.stopped || s.life.Failure() != nil {
		return
	}
	stay := s.sendable[:0]
	for _, o := range s.sendable {
		if !s.assignToRequest(o) {
			stay = append(stay, o)
		}
	}
	clear(s.sendable[len(stay):])
	s.sendable = stay
	for _, d := range s.destinations {
		if !d.busy && len(d.inFlight) > 0 {
			d.busy = true
			s.life.Go(func() { s.deliver(d) })
		}
	}
}

// assignToRequest puts a buffer's first batch into the next request to its leader. It
// returns false if the buffer remains sendable.
func (s *sender) assignToRequest(o *partitionBuffer) bool {
	if !o.sendable() { // its batches were dropped
		o.queued = false
		return true
	}
	leader := s.cluster.Leader(o.TopicPartition)
	if leader.Node == cluster.NoLeader {
		s.retrier.retryLater(o, kerr.LeaderNotAvailable)
		return true
	}
	d := s.destination(leader.Node)
	size := o.sequence.batches[0].size
	if d.busy || len(d.inFlight) > 0 && d.size+size > requestBytes {
		return false
	}
	o.queued = false
	d.inFlight = append(d.inFlight, inFlightBatch{o, o.sequence.startNext(s.producer)})
	d.size += size
	return true
}

func (s *sender) destination(node int32) *destination {
	for _, d := range s.destinations {
		if d.node == node {
			return d
		}
	}
	d := &destination{node: node}
	s.destinations = append(s.destinations, d)
	return d
}
