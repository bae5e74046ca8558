package kafkasim

import "github.com/gretestream/grete/stream/kafka/internal/wire"

// describeGroup says what can be seen of a group from outside. One that is in its
// first generation is there when that is assigned; with Kafka it may be a little
// sooner, when anything else is written to the coordinator's partition. A coordinator
// that is new sees none before it is asked for offsets; Kafka's is so for a moment,
// until all copies of its partition are known to have all.
func (c *Cluster) describeGroup(node int32, r *wire.DescribeGroup) *wire.DescribeGroup {
	answer := &wire.DescribeGroup{Answer: wire.DescribeGroupAnswer{State: "Dead"}}
	a := &answer.Answer
	s, failed := c.coordinator(node, r.Group, false)
	if failed != 0 {
		a.Code, a.State = failed, ""
		return answer
	}
	switch g := s.groupOf(r.Group); {
	case s.behind:
	case g != nil && g.stored != nil:
		g.describe(a)
	case s.offsets.has(r.Group):
		a.State = emptied.String()
	}
	return answer
}

func (g *group) describe(a *wire.DescribeGroupAnswer) {
	a.State, a.ProtocolType = g.state.String(), g.kind
	for _, m := range g.members {
		// What a client calls itself, and where it is, the requests here don't say.
		d := wire.DescribedMember{Member: m.id, Instance: m.instance, ClientID: "grete", Host: "/" + host}
		d.Assignment = m.assignment // of the last generation that had one
		if g.state == stable {
			d.Metadata = m.metadata
		}
		a.Members = append(a.Members, d)
	}
	if g.state == stable {
		a.Protocol = g.protocol
	}
}

// String is Kafka's name of it.
func (s groupState) String() string {
	return [...]string{"Empty", "PreparingRebalance", "CompletingRebalance", "Stable"}[s]
}
