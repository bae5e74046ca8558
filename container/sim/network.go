package sim

import (
	"errors"
	"time"

	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/kafka/kafkasim"
)

// A network carries requests to brokers and answers back. It may lose, delay and repeat them.
type network struct {
	sim     *Simulation
	cluster *kafkasim.Cluster
	brokers []broker
	held    []*flight // requests that a broker holds
	choring bool      // the next chore is planned
	joined  time.Time // when a late request to join a group came last
	// withheld is until when the marker of a transaction to its group's offsets is late.
	withheld map[string]time.Time
}

// A flight is a request on its way.
type flight struct {
	process *Process
	node    int32
	req     kafka.Message
	to      *exchange
	reply   *kafkasim.Reply
	// mute: the answer is lost, or its sender has given up.
	mute bool
}

const (
	usual    = 2 * time.Millisecond
	slowTime = 800 * time.Millisecond
	lateTime = 45 * time.Second
	// lateEndTime is some transactions long, so that an end comes while its producer lives.
	lateEndTime = 3 * time.Second
)

// send puts a request on its way, and returns which broker it goes to.
func (n *network) send(p *Process, node int32, req kafka.Message, x *exchange) int32 {
	s := n.sim
	if node == kafka.AnyBroker {
		node = int32(s.World.chance.IntN(len(n.brokers))) + 1
	}
	f := &flight{process: p, node: node, req: kafkasim.Copy(req), to: x}
	switch {
	case !n.cluster.Alive(node):
		s.World.After(n.delay(), func() { x.err = errors.New("connection refused") })
	case s.hit(s.faults.LostRequests, lostRequest):
		s.trace.Add(p.name, "a request to broker %d is lost: %s", node, kafkasim.Describe(req))
		n.breakOff(x)
	case s.hit(s.faults.LateRequests, lateRequest):
		n.delayed(f, lateTime)
		n.breakOff(x)
	case kafkasim.Ends(req) && (s.plannedLateEnd() || s.hit(s.faults.LateEnds, lateEnd)):
		n.delayed(f, lateEndTime)
		s.World.After(n.delay(), func() { x.err = errReset })
	default:
		s.World.After(n.delay(), func() { n.arrive(f) })
	}
	return node
}

// delayed sends a request that arrives late, when its sender has given up.
func (n *network) delayed(f *flight, atMost time.Duration) {
	n.sim.trace.Add(f.process.name, "a request to broker %d will be late: %s", f.node, kafkasim.Describe(f.req))
	f.mute = true
	n.sim.World.After(n.sim.World.Within(atMost), func() { n.arrive(f) })
}

// breakOff is how a client learns that something was lost: the connection breaks,
// or nothing happens until its time is over.
func (n *network) breakOff(x *exchange) {
	if n.sim.World.Often(2) {
		n.sim.World.After(n.delay(), func() { x.err = errReset })
	}
}

func (n *network) delay() time.Duration {
	s := n.sim
	if s.hit(s.faults.Slow, slow) {
		return s.World.Within(slowTime)
	}
	return s.World.Within(usual)
}

// arrive is where a broker gets a request.
func (n *network) arrive(f *flight) {
	s := n.sim
	b := &n.brokers[f.node-1]
	switch {
	case !n.cluster.Alive(f.node):
		f.to.err = errReset
		return
	case b.paused:
		b.waiting = append(b.waiting, f)
		return
	}
	if f.mute && kafkasim.Joins(f.req) {
		n.joined = s.World.now
	}
	if !f.mute && s.hit(s.faults.Repeats, repeat) {
		n.handle(f)
	}
	n.handle(f)
	n.stir()
	if kafkasim.Ends(f.req) && n.committed(f.process) {
		return
	}
	if f.reply == nil || f.mute {
		return
	}
	if f.reply.Answer(s.World.now) {
		n.answer(f)
		return
	}
	n.held = append(n.held, f)
	s.World.After(f.reply.Until.Sub(s.World.now), n.look)
}

// committed is called when a broker has ended a transaction of a process, and reports whether
// it has killed the process.
func (n *network) committed(p *Process) bool {
	if p.slot == nil || p.dead || p.ended {
		return false
	}
	if !n.sim.plannedCommitKill() && !n.sim.hit(n.sim.faults.CommitKills, commitKill) {
		return false
	}
	p.kill()
	return true
}

func (n *network) handle(f *flight) {
	f.reply = n.cluster.Handle(n.sim.World.now, f.node, f.req)
	if n.sim.trace.Keep {
		n.sim.trace.Add(f.process.name, "broker %d: %s: %s", f.node, kafkasim.Describe(f.req), f.reply)
	}
}

// stir is called when something has changed in the cluster.
func (n *network) stir() {
	n.look()
	n.chore()
}

// look answers the requests that were held and needn't be any more.
func (n *network) look() {
	var still []*flight
	for _, f := range n.held {
		if f.reply.Answer(n.sim.World.now) {
			n.answer(f)
		} else {
			still = append(still, f)
		}
	}
	n.held = still
}

// answer sends an answer on its way.
func (n *network) answer(f *flight) {
	s := n.sim
	if s.hit(s.faults.LostAnswers, lostAnswer) {
		s.trace.Add(f.process.name, "an answer of broker %d is lost: %s", f.node, kafkasim.Describe(f.req))
		n.breakOff(f.to)
		return
	}
	s.World.After(n.delay(), func() {
		if f.to.err == nil {
			f.to.answer = f.reply
		}
	})
}
