package join

import (
	"reflect"
	"slices"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
)

// Late returns the edge with the records of type M that arrive late at a join of streams.
func Late[M any](p *flow.Pipeline, joined scheduler.Edge) scheduler.Edge {
	n := p.Node(joined.Node)
	ports := slices.DeleteFunc(slices.Clone(n.Emits), func(port flow.Port) bool {
		return port.Name != PortLateLeft && port.Name != PortLateRight
	})
	if len(ports) == 0 {
		p.Mistake("LateOf: the %s isn't a join of two streams; call it with the stream that Join has returned", n.Kind)
		return joined
	}
	var late []scheduler.Edge
	for _, port := range ports {
		if flow.Sends[M](port) {
			late = append(late, scheduler.Edge{Node: n.ID, Port: port.Name})
		}
	}
	switch len(late) {
	case 0:
		p.Mistake("LateOf: no side of join %q has records of type %s", n.Name, reflect.TypeFor[M]())
		return joined
	case 1:
		return late[0]
	}
	return op.Merge[M](p, late)
}
