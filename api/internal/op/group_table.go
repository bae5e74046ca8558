package op

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
)

// A GroupFold computes a value from the rows of a group, which come and go.
type GroupFold[V, A any] struct {
	Fold          Fold[V, A] // all but Step
	Add, Subtract func(a A, v V) A
}

// GroupTable records a table of a value for each group of rows. A group without rows is
// deleted.
func GroupTable[J comparable, V, A any](p *flow.Pipeline, groups scheduler.Edge, name string, g GroupFold[V, A]) scheduler.Edge {
	p.Named(name, "table")
	what := fmt.Sprintf("table %q", name)
	if g.Add == nil || g.Subtract == nil {
		p.Mistake("%s: it needs a function that adds a row, and one that subtracts it", what)
	}
	if g.Fold.Mortal {
		p.Mistake("%s: groups can't have a TTL, as their rows would be subtracted later; give it to the table whose rows are grouped", what)
	}
	keys, values, counts := keysOf[J](p, what), g.Fold.values(p, what), codingOf[int64](p, nil)
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "table", Name: name, From: []scheduler.Edge{groups},
			Stores: []scheduler.StoreSpec{
				storeSpec(p, name, "", layout.NameValues, keys, values),
				storeSpec(p, name, "rows", layout.NameValues, keys, counts),
			},
			Params: []scheduler.Param{{Name: "keeps", Value: "group " + g.Fold.Name, Affects: scheduler.AffectsState}},
		},
		Emits: emitRows[A](),
		Build: func(b *flow.Builder) (flow.Operator, error) {
			stored, errV := storedOf(b, 0, values)
			storedCounts, errC := storedOf(b, 1, counts)
			if err := errors.Join(errV, errC); err != nil {
				return nil, err
			}
			t := &groupTable[J, V, A]{
				scope: b.Scope, id: b.ID, add: g.Add, subtract: g.Subtract, out: newRowsOut[A](b),
				values: kv.NewValues(b.Task.State, b.Store(0), stored), rows: kv.NewValues(b.Task.State, b.Store(1), storedCounts),
			}
			t.old = newOldValue(&t.out, values.Serde)
			flow.Take(b, "", t.push)
			flow.Provide(b, func(key []byte, _ *A) (*A, bool, error) { return t.values.Get(key) })
			return t, nil
		},
	})
}

// A groupTable keeps a value and the number of rows for each group.
type groupTable[J, V, A any] struct {
	scope         *flow.Scope
	id            int
	add, subtract func(A, V) A
	values        *kv.Values[A]
	rows          *kv.Values[int64]
	out           rowsOut[A]
	old           oldValue[A]
}

var errNoRow = errors.New("a row is to be subtracted from a group that has none: records of its repartition topic are missing; reset the job's state, so that the groups are computed again")

func (t *groupTable[J, V, A]) push(c groupChange[J, V]) error {
	t.scope.Operator = t.id
	rows, _, err := t.rows.Upsert(t.scope.Key)
	if err != nil {
		return err
	}
	if c.hasOld && *rows == 0 {
		return errNoRow
	}
	if c.hasOld {
		*rows--
	}
	if c.hasNew {
		*rows++
	}
	if *rows == 0 {
		return t.remove()
	}
	return t.change(c)
}

// change changes the value of a group that has rows.
func (t *groupTable[J, V, A]) change(c groupChange[J, V]) error {
	v, existed, err := t.values.Upsert(t.scope.Key)
	if err != nil {
		return err
	}
	if err := t.old.take(v); err != nil {
		return err
	}
	if c.hasOld {
		*v = t.subtract(*v, c.old)
	}
	if c.hasNew {
		*v = t.add(*v, c.new)
	}
	if !existed {
		return t.out.set(nil, v)
	}
	return t.out.set(&t.old.value, v)
}

// remove deletes a group whose last row has gone.
func (t *groupTable[J, V, A]) remove() error {
	v, found, err := t.values.Get(t.scope.Key)
	if err != nil || !found {
		return err
	}
	if err := t.old.take(v); err != nil {
		return err
	}
	if err := t.values.Delete(t.scope.Key); err != nil {
		return err
	}
	if err := t.rows.Delete(t.scope.Key); err != nil {
		return err
	}
	return t.out.deleted(&t.old.value)
}
