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

// A sender brings parcels to the leaders of their partitions. Each broker has at
// most one request under way, with the first parcel of every partition that was
// ready when it went out: that keeps the order within a partition whatever fails,
// and meanwhile the next parcels fill. What fails is sent again, see mend.go.
//
// push and the like are called by the producer's goroutine; answers come in on
// others.
type sender struct {
	life        *link.Lifetime
	link        link.Link
	cluster     *cluster.Metadata
	log         *slog.Logger
	patience    time.Duration
	codec       batch.Codec
	transaction string // the transactional id, "" for none

	buffered atomic.Int64 // bytes in parcels that aren't delivered

	mu           sync.Mutex
	producer     producerID
	batchPool    batchPool
	undelivered  int                // that aren't delivered
	sendable     []*partitionBuffer // can be sent as soon as their leader has answered
	retrier      retrier
	destinations []*destination // in the order in which they were first met
	stopped      bool           // nothing goes out any more
	allDelivered link.Signal    // given when all is delivered
	idleSignal   link.Signal    // given when no request is under way
}

const (
	// requestBytes bounds a request of more than one batch, uncompressed.
	requestBytes = 4 << 20
	// followerTimeout is how long a leader waits for the other replicas. It is
	// beyond the time in which a dead one is found out.
	followerTimeout = 15 * time.Second
)

// newBatch returns one that records can be put into.
func (s *sender) newBatch(room int) *recordBatch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batchPool.take(room)
}

// enqueue queues a parcel behind the others of its partition. It goes out with the
// next send.
func (s *sender) enqueue(o *partitionBuffer, p *recordBatch) {
	s.buffered.Add(p.size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undelivered++
	o.sequence.push(p)
	s.makeReady(o)
}

// send sends what can be sent.
func (s *sender) send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch()
}

// release lets the outboxes send: their partitions belong to the transaction.
func (s *sender) release(all []*partitionBuffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		o.held = false
		s.makeReady(o)
	}
	s.dispatch()
}

// hold makes the outboxes, which are empty, wait for the next transaction.
func (s *sender) hold(all []*partitionBuffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		o.held = true
	}
}

// ends appends where the outboxes' partitions end. One whose end the broker
// hasn't told is left out.
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

// setProducer has the batches numbered anew, under another producer id or epoch.
func (s *sender) setProducer(who producerID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.producer = who
}

// drop takes back what no broker can have seen of the outboxes.
func (s *sender) drop(all []*partitionBuffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		for _, p := range o.sequence.drop() {
			s.recycle(p)
		}
	}
}

// recycle puts a parcel away.
func (s *sender) recycle(p *recordBatch) {
	s.buffered.Add(-p.size)
	s.batchPool.put(p)
	if s.undelivered--; s.undelivered == 0 {
		s.allDelivered.Give()
	}
}

// delivered is closed when everything pushed is delivered.
func (s *sender) delivered() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.allDelivered.Done(s.undelivered == 0)
}

// stop keeps everything from going out, and returns what is closed when nothing is
// under way.
func (s *sender) stop() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	return s.idleSignal.Done(s.idle())
}

func (s *sender) idle() bool {
	return !slices.ContainsFunc(s.destinations, func(d *destination) bool { return d.busy })
}

// makeReady lists an outbox that has something to send. The caller holds mu, and calls
// dispatch after it.
func (s *sender) makeReady(o *partitionBuffer) {
	if !o.queued && o.sendable() {
		o.queued = true
		s.sendable = append(s.sendable, o)
	}
}

// dispatch sends to each broker that is idle what is ready for it. So what stays
// ready waits for a broker whose answer calls dispatch again. The caller holds
// mu.
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

// assignToRequest puts an outbox's first parcel into the next request to its leader. It
// returns false if the outbox has to stay where it is.
func (s *sender) assignToRequest(o *partitionBuffer) bool {
	if !o.sendable() { // its parcels were dropped
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
