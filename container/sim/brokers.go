package sim

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkasim"
)

// A broker is the simulation's part of a broker: whether it answers.
type broker struct {
	paused  bool
	waiting []*flight // requests that came while it was paused
}

// brokerSession is after how long the others replace a suspended broker, at most.
const brokerSession = 9 * time.Second

// chore plans the next chore of the cluster, if there is one. Chores are done one at a time.
func (n *network) chore() {
	s := n.sim
	if n.choring || len(n.chores()) == 0 {
		return
	}
	n.choring = true
	d := s.World.Within(usual)
	if s.hit(s.faults.SlowMarkers, slowMarker) {
		d = s.World.Within(3 * time.Second)
	}
	s.World.After(d, func() {
		n.choring = false
		if all := n.chores(); len(all) > 0 {
			n.do(all[s.World.chance.IntN(len(all))])
		}
		n.stir()
	})
}

func (n *network) do(c kafkasim.Chore) {
	n.sim.trace.Add("cluster", "%s", c)
	if marksOffsets(c) {
		delete(n.withheld, c.Transaction)
	}
	n.cluster.Do(n.sim.World.now, c)
}

// kill ends a broker. Its clients' requests fail.
func (n *network) kill(node int32) {
	n.sim.trace.Add("broker "+itoa(int(node)), "is killed")
	b := &n.brokers[node-1]
	n.cluster.Kill(node)
	n.held = slices.DeleteFunc(n.held, func(f *flight) bool {
		if f.node == node {
			f.to.err = errReset
		}
		return f.node == node
	})
	for _, f := range b.waiting {
		f.to.err = errReset
	}
	b.waiting, b.paused = nil, false
	n.stir()
}

func (n *network) restart(node int32) {
	if n.cluster.Alive(node) {
		return
	}
	n.sim.trace.Add("broker "+itoa(int(node)), "is started again")
	n.cluster.Restart(node)
	n.stir()
}

// pause suspends a broker. In one of two cases others coordinate its groups after a while.
func (n *network) pause(node int32) {
	s, b := n.sim, &n.brokers[node-1]
	s.trace.Add("broker "+itoa(int(node)), "stands still")
	b.paused = true
	if !s.World.Often(2) {
		return
	}
	s.World.After(s.World.Within(brokerSession), func() {
		if b.paused {
			s.trace.Add("cluster", "others coordinate the groups of broker %d", node)
			n.cluster.Depose(node)
			n.stir()
		}
	})
}

func (n *network) resume(node int32) {
	b := &n.brokers[node-1]
	if !b.paused {
		return
	}
	n.sim.trace.Add("broker "+itoa(int(node)), "goes on")
	waiting := b.waiting
	b.paused, b.waiting = false, nil
	for _, f := range waiting {
		n.sim.World.After(n.delay(), func() { n.arrive(f) })
	}
	n.sim.World.After(n.delay(), func() { n.cluster.Notice(node) })
}

// move gives a partition another leader, or moves a coordinator.
func (n *network) move(tp stream.TopicPartition) {
	alive := n.cluster.Brokers()
	to := alive[n.sim.World.chance.IntN(len(alive))]
	n.sim.trace.Add("cluster", "broker %d leads %s", to, tp)
	n.cluster.MoveLeader(tp, to)
	n.stir()
}
