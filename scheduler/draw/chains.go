package draw

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
)

// Chains lists the ways of records through a stage, as labels of operators. A
// chain goes on as long as there is one way. Where the way divides or meets
// others, new chains start with the operator there.
func Chains(p *scheduler.Plan, s *scheduler.Stage) [][]string {
	return chainer{p, s, false}.chains()
}

// A chainer finds the chains of a stage.
type chainer struct {
	*scheduler.Plan
	stage *scheduler.Stage
	// numbered adds a number to operators without a name where chains start and
	// end, so that one can see how the chains are connected.
	numbered bool
}

func (c chainer) chains() [][]string {
	var chains [][]string
	for _, i := range c.stage.Nodes {
		from, after := c.Upstream(i), c.readers(i)
		if len(from) == 1 && !c.Nodes[from[0]].Crosses() && len(after) < 2 {
			continue // within a chain
		}
		if len(after) == 0 {
			chains = append(chains, []string{c.label(i)})
		}
		for _, n := range after {
			chains = append(chains, c.chain(i, n))
		}
	}
	return chains
}

// chain follows the way from one node over the next to where it ends, divides or
// meets others.
func (c chainer) chain(node, next int) []string {
	chain := []string{c.label(node)}
	for {
		out, in := c.ports(node, next)
		chain[len(chain)-1] += out
		chain = append(chain, c.label(next)+in)
		after := c.readers(next)
		if len(after) != 1 || len(c.Upstream(next)) != 1 {
			return chain
		}
		node, next = next, after[0]
	}
}

// readers are the nodes of the stage that get a node's records.
func (c chainer) readers(node int) []int {
	return slices.DeleteFunc(slices.Clone(c.stage.Nodes), func(n int) bool { return !c.Nodes[n].ReadsFrom(node) })
}

func (c chainer) label(node int) string {
	n := &c.Nodes[node]
	switch {
	case n.SameKey:
		return labelOf(n) + " (same key: stays here)"
	case c.numbered && n.Name == "" && n.Topic == "" && n.Kind != scheduler.KindInput && (len(c.Upstream(node)) > 1 || len(c.readers(node)) > 1):
		return fmt.Sprintf("%s #%d", labelOf(n), node)
	}
	return labelOf(n)
}

// ports names the ports at both ends of the way from one node to another, in
// parentheses. A main output and an only input have no name.
func (c chainer) ports(from, to int) (out, in string) {
	var outs, ins []string
	for _, e := range c.Nodes[to].From {
		if e.Node != from {
			continue
		}
		if e.Port != "" && !slices.Contains(outs, e.Port) {
			outs = append(outs, e.Port)
		}
		if e.To != "" && !slices.Contains(ins, e.To) {
			ins = append(ins, e.To)
		}
	}
	return inParentheses(outs), inParentheses(ins)
}

func inParentheses(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
