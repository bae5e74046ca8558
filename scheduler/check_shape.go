package scheduler

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/scheduler/internal/phrase"
	"github.com/gretestream/grete/stream/serde/shape"
)

// checkShape finds what makes a graph no graph. A user can't cause it through
// package api; a hand-written or damaged file can.
func checkShape(g Graph) mistakes {
	var bad mistakes
	if len(g.Nodes) == 0 {
		bad.add(ofApp, "app %q is empty: it reads no topic", g.App)
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if err := n.checkShape(i, g.Nodes); err != nil {
			bad.add(i, "node %d (%s): %v", i, n.Kind, err)
		}
	}
	return bad
}

func (n *Node) checkShape(i int, nodes []Node) error {
	if n.ID != i {
		return fmt.Errorf("its id is %d", n.ID)
	}
	if n.Kind == "" {
		return errors.New("it has no kind")
	}
	for _, check := range []func() error{
		func() error { return n.checkEdges(nodes[:i]) }, n.checkTopics, n.checkDelivery, n.checkStores, n.checkParams,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkEdges checks where a node's records come from: before are the nodes
// that were recorded earlier.
func (n *Node) checkEdges(before []Node) error {
	if (len(n.From) == 0) != n.isSource() {
		return fmt.Errorf("it has %d edges; inputs and generators have none, and all other nodes have some", len(n.From))
	}
	flows := n.isSource()
	for _, e := range n.From {
		if e.Node < 0 || e.Node >= len(before) {
			return fmt.Errorf("it gets records from node %d, which isn't before it", e.Node)
		}
		from := &before[e.Node]
		if from.Kind == KindOutput {
			return fmt.Errorf("it gets records from node %d, which is an output", e.Node)
		}
		if e.Port != "" && (from.Kind == KindRepartition || from.Global()) {
			return fmt.Errorf("it gets records from port %q of node %d, which has one output alone", e.Port, e.Node)
		}
		if e.To != "" && (n.Kind == KindOutput || n.Kind == KindRepartition) {
			return fmt.Errorf("it gets records at port %q, but has one input alone", e.To)
		}
		for _, port := range []string{e.Port, e.To} {
			if err := ValidName(port); port != "" && err != nil {
				return fmt.Errorf("port: %w", err)
			}
		}
		flows = flows || !from.Global()
	}
	if !flows {
		return errors.New("it gets records from global tables alone, which are for look-ups")
	}
	return nil
}

// checkDelivery checks what only inputs and repartitions can have.
func (n *Node) checkDelivery() error {
	switch n.Delivery {
	case DeliverPartition:
		if n.Kind != KindGenerator {
			return nil
		}
	case DeliverBroadcast:
		if n.Kind == KindInput || n.Crosses() {
			return nil
		}
	case DeliverGlobal:
		if n.Kind == KindInput {
			return nil
		}
	case DeliverGenerator:
		if n.Kind == KindGenerator {
			return nil
		}
	}
	return fmt.Errorf("it can't have delivery %q", n.Delivery)
}

// checkStores checks the state of a node.
func (n *Node) checkStores() error {
	fixed := n.isSource() || n.Kind == KindOutput || n.Kind == KindRepartition
	if fixed && len(n.Stores) > 0 && (!n.Global() || len(n.Stores) > 1) {
		return fmt.Errorf("it has %s; only operators have stores, and a global table has one", phrase.Count(len(n.Stores), "store"))
	}
	for i, s := range n.Stores {
		if slices.ContainsFunc(n.Stores[:i], func(o StoreSpec) bool { return o.Name == s.Name }) {
			return fmt.Errorf("it has two stores with the name %q", s.Name)
		}
		if err := errors.Join(s.KeyShape.Check(), s.ValueShape.Check()); err != nil {
			return fmt.Errorf("shapes of store %q: %w", s.Name, err)
		}
		for _, u := range s.Upgrades {
			if _, err := shape.ParseForm(u); err != nil {
				return fmt.Errorf("upgrades of store %q: %w", s.Name, err)
			}
		}
	}
	if err := errors.Join(n.KeyShape.Check(), n.ValueShape.Check()); err != nil {
		return fmt.Errorf("shapes: %w", err)
	}
	return nil
}

func (n *Node) checkParams() error {
	for _, p := range n.Params {
		switch p.Affects {
		case AffectsState, AffectsResults, AffectsDisplay:
		default:
			return fmt.Errorf("parameter %q affects %q; it must affect state, results or display", p.Name, p.Affects)
		}
	}
	return nil
}
