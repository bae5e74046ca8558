package draw

import (
	"strings"

	"github.com/gretestream/grete/scheduler"
)

// labelOf is what a node is called in texts and pictures.
func labelOf(n *scheduler.Node) string {
	switch {
	case n.Kind == scheduler.KindInput && n.Pattern != "":
		return "read " + n.Name
	case n.Kind == scheduler.KindGenerator:
		return "generate " + n.Name
	case n.Kind == scheduler.KindInput:
		return "read " + strings.Join(n.ReadTopics(), ", ")
	case n.Kind == scheduler.KindOutput:
		return "write " + n.Topic
	case n.Kind == scheduler.KindRepartition && n.Delivery == scheduler.DeliverBroadcast:
		return "broadcast " + n.Name
	case n.Kind == scheduler.KindRepartition:
		return "partition " + n.Name
	}
	kind := n.Label
	if kind == "" {
		kind = string(n.Kind)
	}
	if n.Name != "" {
		return kind + " " + n.Name
	}
	return kind
}

// noteOf is the small print of an operator: its settings and its state.
func noteOf(n *scheduler.Node) string {
	if n.Kind == scheduler.KindRepartition && n.SameKey {
		return "same key: stays here"
	}
	var parts []string
	for _, p := range n.Params {
		parts = append(parts, p.Name+" "+p.Value)
	}
	for _, s := range n.Stores {
		parts = append(parts, s.Key+" → "+s.Value)
	}
	return strings.Join(parts, ", ")
}
