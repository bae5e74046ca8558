package op

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
)

// A groupChange is what became of a row in a group: it had the value Old, it has the value
// New, or both.
type groupChange[J, V any] struct {
	group          J
	hasOld, hasNew bool
	old, new       V
}

// Group records what sends the changes of a table's rows to the tasks that have their
// groups, through a repartition. Readers get a groupChange[J, V] for each.
func Group[K, J comparable, V any](p *flow.Pipeline, table scheduler.Edge, spec RepartitionSpec[V], key func(K, V) J) scheduler.Edge {
	what := fmt.Sprintf("repartition %q", spec.Name)
	keys, values := keysOf[K](p, what), keptOf(p, spec.Serde, what)
	if key == nil {
		p.Mistake("%s: the key function is missing", what)
	}
	changes := p.Add(flow.Node{
		Node:  step("group", table),
		Emits: []flow.Port{flow.Emit[groupChange[J, V]]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			g := &grouper[K, J, V]{scope: b.Scope, id: b.ID, keys: keys, key: key, down: flow.Down[groupChange[J, V]](b, "")}
			flow.TakeRows(b, "", flow.Rows[V]{Change: g.change})
			return nil, nil
		},
	})
	sent := RepartitionSpec[groupChange[J, V]]{Name: spec.Name, Serde: newGroupSerde[J](values), shape: values.shape}
	return Repartition(p, changes, sent, func(c groupChange[J, V]) J { return c.group })
}

// A grouper sends the changes of rows to their groups: one record if the row stays in its
// group, and one to each of two groups if it moves.
type grouper[K, J comparable, V any] struct {
	scope *flow.Scope
	id    int
	keys  coding[K]
	key   func(K, V) J
	down  flow.Push[groupChange[J, V]]
}

func (g *grouper[K, J, V]) change(c Change[V]) error {
	g.scope.Operator = g.id
	k, err := g.keys.Parse(g.scope.Key)
	if err != nil {
		return keyError(g.scope.Key, err)
	}
	var from, to groupChange[J, V]
	if c.Old != nil {
		from = groupChange[J, V]{group: g.key(k, *c.Old), hasOld: true, old: *c.Old}
	}
	if c.New != nil {
		to = groupChange[J, V]{group: g.key(k, *c.New), hasNew: true, new: *c.New}
	}
	if from.hasOld && to.hasNew && from.group == to.group {
		to.hasOld, to.old = true, from.old
		return g.down(to)
	}
	if from.hasOld {
		if err := g.down(from); err != nil {
			return err
		}
	}
	if to.hasNew {
		return g.down(to)
	}
	return nil
}
