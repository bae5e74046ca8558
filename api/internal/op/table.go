package op

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// A Fold computes a value from records of type M, one after the other.
type Fold[M, A any] struct {
	Name string // what the plan calls it
	// Step makes the next value of the last one and the record. existed is false for
	// the first record; a is then the zero value.
	Step  func(a A, m M, existed bool) A
	Serde serde.Serde[A] // of the value in its store; nil: that of the type
	Older []Upgrade[A]   // of values that were stored in other forms
}

// values returns the coding of the values.
func (f *Fold[M, A]) values(p *flow.Pipeline, what string) coding[A] {
	c := keptOf(p, f.Serde, what)
	for _, u := range f.Older {
		c.older = append(c.older, u(p)...)
	}
	return c
}

// Table records a table that keeps a fold of each key's records.
func Table[K comparable, M, A any](p *flow.Pipeline, from scheduler.Edge, name string, f Fold[M, A]) scheduler.Edge {
	p.Named(name, "table")
	what := fmt.Sprintf("table %q", name)
	keys, values := keysOf[K](p, what), f.values(p, what)
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "table", Name: name, From: []scheduler.Edge{from},
			Stores: []scheduler.StoreSpec{storeSpec(p, name, "", layout.NameValues, keys, values)},
			Params: []scheduler.Param{{Name: "keeps", Value: f.Name, Affects: scheduler.AffectsState}},
		},
		Emits: emitRows[A](),
		Build: func(b *flow.Builder) (flow.Operator, error) {
			stored, err := storedOf(b, 0, values)
			if err != nil {
				return nil, err
			}
			t := &table[M, A]{
				scope: b.Scope, id: b.ID, step: f.Step, out: newRowsOut[A](b),
				values: kv.NewValues(b.Task.State, b.Store(0), stored),
			}
			t.old = newOldValue(&t.out, values.Serde)
			flow.Take(b, "", t.push)
			flow.Provide(b, func(key []byte, _ *A) (*A, bool, error) { return t.values.Get(key) })
			return t, nil
		},
	})
}

// A table keeps a value for each key and sends each new one on.
type table[M, A any] struct {
	scope  *flow.Scope
	id     int
	step   func(A, M, bool) A
	values *kv.Values[A]
	out    rowsOut[A]
	old    oldValue[A]
}

func (t *table[M, A]) push(m M) error {
	t.scope.Operator = t.id
	v, existed, err := t.values.Upsert(t.scope.Key)
	if err != nil {
		return err
	}
	if err := t.old.take(v); err != nil {
		return err
	}
	*v = t.step(*v, m, existed)
	return t.send(v, existed)
}

// send sends a new value and its change on.
func (t *table[M, A]) send(v *A, existed bool) error {
	if !existed {
		return t.out.set(nil, v)
	}
	return t.out.set(&t.old.value, v)
}
