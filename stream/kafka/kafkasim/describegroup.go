package kafkasim

import "github.com/gretestream/grete/stream/kafka/internal/wire"

// describeGroup describes a group. A new group appears when its first generation is
// assigned. In Kafka it may appear a little sooner, when anything else is written to the
// coordinator's partition. A new coordinator describes a group once its offsets have been
// requested. Kafka's describes none for a moment, until it knows that all replicas of its
// partition are complete.
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
		// Requests have neither the client's id nor its host here.
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

// String returns Kafka's name.
func (s groupState) String() string {
	return [...]string{"Empty", "PreparingRebalance", "CompletingRebalance", "Stable"}[s]
}
