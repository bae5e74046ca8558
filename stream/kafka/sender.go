package kafka

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// A sender brings parcels to the leaders of their partitions. Each broker has at
// most one request under way, with the first parcel of every partition that was
// ready when it went out: that keeps the order within a partition whatever fails,
// and meanwhile the next parcels fill. What fails is sent again, see mend.go.
//
// push and the like are called by the producer's goroutine; answers come in on
// others.
type sender struct {
	life        *life
	link        Link
	cluster     *cluster
	log         *slog.Logger
	patience    time.Duration
	codec       batch.Codec
	transaction string // the transactional id, "" for none

	buffered atomic.Int64 // bytes in parcels that aren't delivered

	mu      sync.Mutex
	who     producerID
	shelf   shelf
	parcels int       // that aren't delivered
	ready   []*outbox // can be sent as soon as their leader has answered
	retrier retrier
	brokers []*destination // in the order in which they were first met
	stopped bool           // nothing goes out any more
	empty   signal         // given when all is delivered
	quiet   signal         // given when no request is under way
}

const (
	// requestBytes bounds a request of more than one batch, uncompressed.
	requestBytes = 4 << 20
	// followerTimeout is how long a leader waits for the other replicas. It is
	// beyond the time in which a dead one is found out.
	followerTimeout = 15 * time.Second
)

// parcel returns one that records can be put into.
func (s *sender) parcel(room int) *parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf.take(room)
}

// push queues a parcel behind the others of its partition. It goes out with the
// next send.
func (s *sender) push(o *outbox, p *parcel) {
	s.buffered.Add(p.size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parcels++
	o.sequence.push(p)
	s.offer(o)
}

// send sends what can be sent.
func (s *sender) send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch()
}

// admit lets the outboxes send: their partitions belong to the transaction.
func (s *sender) admit(all []*outbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		o.held = false
		s.offer(o)
	}
	s.dispatch()
}

// hold makes the outboxes, which are empty, wait for the next transaction.
func (s *sender) hold(all []*outbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		o.held = true
	}
}

// ends appends where the outboxes' partitions end. One whose end the broker
// hasn't told is left out.
func (s *sender) ends(all []*outbox) []stream.Position {
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

// restart has the batches numbered anew, under another producer id or epoch.
func (s *sender) restart(who producerID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who = who
}

// drop takes back what no broker can have seen of the outboxes.
func (s *sender) drop(all []*outbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range all {
		for _, p := range o.sequence.drop() {
			s.done(p)
		}
	}
}

// done puts a parcel away.
func (s *sender) done(p *parcel) {
	s.buffered.Add(-p.size)
	s.shelf.put(p)
	if s.parcels--; s.parcels == 0 {
		s.empty.give()
	}
}

// delivered is closed when everything pushed is delivered.
func (s *sender) delivered() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.empty.when(s.parcels == 0)
}

// stop keeps everything from going out, and returns what is closed when nothing is
// under way.
func (s *sender) stop() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	return s.quiet.when(s.idle())
}

func (s *sender) idle() bool {
	return !slices.ContainsFunc(s.brokers, func(d *destination) bool { return d.busy })
}

// offer lists an outbox that has something to send. The caller holds mu, and calls
// dispatch after it.
func (s *sender) offer(o *outbox) {
	if !o.listed && o.waiting() {
		o.listed = true
		s.ready = append(s.ready, o)
	}
}

// dispatch sends to each broker that is idle what is ready for it. So what stays
// ready waits for a broker whose answer calls dispatch again. The caller holds
// mu.
func (s *sender) dispatch() {
	if s.stopped || s.life.failure() != nil {
		return
	}
	stay := s.ready[:0]
	for _, o := range s.ready {
		if !s.load(o) {
			stay = append(stay, o)
		}
	}
	clear(s.ready[len(stay):])
	s.ready = stay
	for _, d := range s.brokers {
		if !d.busy && len(d.load) > 0 {
			d.busy = true
			s.life.run(func() { s.deliver(d) })
		}
	}
}

// load puts an outbox's first parcel into the next request to its leader. It
// returns false if the outbox has to stay where it is.
func (s *sender) load(o *outbox) bool {
	if !o.waiting() { // its parcels were dropped
		o.listed = false
		return true
	}
	leader := s.cluster.leader(o.TopicPartition)
	if leader.node == noLeader {
		s.retrier.trouble(o, leaderNotAvailable)
		return true
	}
	d := s.destination(leader.node)
	size := o.sequence.queue[0].size
	if d.busy || len(d.load) > 0 && d.size+size > requestBytes {
		return false
	}
	o.listed = false
	d.load = append(d.load, freight{o, o.sequence.launch(s.who)})
	d.size += size
	return true
}

func (s *sender) destination(node int32) *destination {
	for _, d := range s.brokers {
		if d.node == node {
			return d
		}
	}
	d := &destination{node: node}
	s.brokers = append(s.brokers, d)
	return d
}
