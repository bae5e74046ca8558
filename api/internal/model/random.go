package model

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Random returns a program of up to eight operators behind one or two inputs.
func Random(rnd *rand.Rand) Program {
	p := Program{Nodes: []Node{{Op: Input{"a"}}, {Op: Input{"b"}}}[:1+rnd.IntN(2)]}
	for range 1 + rnd.IntN(7) {
		p.Nodes = append(p.Nodes, p.randomNode(rnd))
	}
	return p
}

// randomNode returns an operator that reads nodes of the program.
func (p Program) randomNode(rnd *rand.Rand) Node {
	for {
		op, inputs := randomOperator(rnd)
		n := Node{Op: op}
		for range inputs {
			n.From = append(n.From, rnd.IntN(len(p.Nodes)))
		}
		if !needsTime(op) || !slices.ContainsFunc(n.From, func(i int) bool { return !p.timed(i) }) {
			return n
		}
	}
}

// randomOperator returns an operator and the number of its inputs.
func randomOperator(rnd *rand.Rand) (op Operator, inputs int) {
	seconds := func(most int) time.Duration { return time.Duration(1+rnd.IntN(most)) * time.Second }
	switch rnd.IntN(11) {
	case 0:
		return Filter{2 + rnd.Int64N(4)}, 1
	case 1:
		return MapValues{1 + rnd.Int64N(3), rnd.Int64N(10)}, 1
	case 2:
		return Merge{}, 2
	case 3, 4:
		return PartitionBy{1 + rnd.Int64N(6)}, 1
	case 5:
		return Count{}, 1
	case 6:
		return Dedup{}, 1
	case 7:
		return Hopping(seconds(60), time.Second), 1
	case 8:
		return Session(seconds(20)), 1
	case 9:
		outer := rnd.IntN(3)
		return Join{seconds(10), outer > 0, outer > 1}, 2
	default:
		return Tumbling(seconds(60)), 1
	}
}

// needsTime reports whether the results of an operator depend on the event times of its inputs.
func needsTime(op Operator) bool {
	switch op.(type) {
	case Window, Join:
		return true
	}
	return false
}

// timed reports whether the event times of a node's records are determined.
func (p Program) timed(node int) bool {
	n := p.Nodes[node]
	return n.Op.Timed() && !slices.ContainsFunc(n.From, func(i int) bool { return !p.timed(i) })
}

// RandomInputs returns records for the inputs of a program, in the order in which they are
// sent. Their event times are out of order, by no more than [Disorder]. In some runs many are
// equal, or a whole number of seconds apart, as the bounds of windows and joins are.
func RandomInputs(rnd *rand.Rand) map[string][]Item {
	inputs := make(map[string][]Item)
	grain := []int64{1, 500, 1000}[rnd.IntN(3)]
	now := int64(0)
	for i := range 20 + rnd.IntN(200) {
		now += rnd.Int64N(3000)
		topic := []string{"a", "b"}[rnd.IntN(2)]
		at := max(0, now-rnd.Int64N(Disorder.Milliseconds()-grain)) / grain * grain
		inputs[topic] = append(inputs[topic], Item{
			Key: string(rune('a' + rnd.IntN(6))), Time: at,
			Rec: Rec{ID: id(topic, i), N: rnd.Int64N(40), At: at},
		})
	}
	return inputs
}

// Without returns the program without a node: its readers read what it read. It reports false
// if the node can't go.
func (p Program) Without(node int) (Program, bool) {
	unread := len(p.Nodes) > 1 && slices.Contains(p.Leaves(), node)
	if len(p.Nodes[node].From) != 1 && !unread {
		return p, false
	}
	var smaller Program
	for i, n := range p.Nodes {
		if i == node {
			continue
		}
		from := slices.Clone(n.From)
		for j, f := range from {
			if f == node {
				f = p.Nodes[node].From[0]
			}
			if f > node {
				f--
			}
			from[j] = f
		}
		smaller.Nodes = append(smaller.Nodes, Node{n.Op, from})
	}
	return smaller, true
}
