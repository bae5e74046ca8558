package op

import (
	"fmt"
	"time"

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
	// Mortal values are kept for the TTL after their latest record, in event time.
	Mortal bool
	TTL    time.Duration
}

// values returns the coding of the values.
func (f *Fold[M, A]) values(p *flow.Pipeline, what string) coding[A] {
	c := keptOf(p, f.Serde, what)
	for _, u := range f.Older {
		c.older = append(c.older, u(p)...)
	}
	return c
}

// check notes what makes no sense.
func (f *Fold[M, A]) check(p *flow.Pipeline, what string) {
	switch {
	case f.Mortal && f.TTL < time.Millisecond:
		p.Mistake("%s: the TTL %v is shorter than a millisecond", what, f.TTL)
	case f.TTL%time.Millisecond != 0:
		p.Mistake("%s: the TTL %v isn't a whole number of milliseconds", what, f.TTL)
	}
}

// layout is that of the store.
func (f *Fold[M, A]) layout() string {
	if f.Mortal {
		return layout.NameExpiring
	}
	return layout.NameValues
}

func (f *Fold[M, A]) params() []scheduler.Param {
	params := []scheduler.Param{{Name: "keeps", Value: f.Name, Affects: scheduler.AffectsState}}
	if f.Mortal {
		params = append(params, scheduler.Param{Name: "ttl", Value: f.TTL.String(), Affects: scheduler.AffectsResults})
	}
	return params
}

// Table records a table that keeps a fold of each key's records.
func Table[K comparable, M, A any](p *flow.Pipeline, from scheduler.Edge, name string, f Fold[M, A]) scheduler.Edge {
	return tableOf[K](p, from, name, f, func(b *flow.Builder, t *table[M, A]) { flow.Take(b, "", t.push) })
}

// tableOf records a table. take registers what takes its records.
func tableOf[K comparable, M, A any](p *flow.Pipeline, from scheduler.Edge, name string, f Fold[M, A], take func(*flow.Builder, *table[M, A])) scheduler.Edge {
	p.Named(name, "table")
	what := fmt.Sprintf("table %q", name)
	f.check(p, what)
	keys, values := keysOf[K](p, what), f.values(p, what)
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "table", Name: name, From: []scheduler.Edge{from},
			Stores: []scheduler.StoreSpec{storeSpec(p, name, "", f.layout(), keys, values)},
			Params: f.params(),
		},
		Emits: emitRows[A](),
		Build: func(b *flow.Builder) (flow.Operator, error) {
			stored, err := storedOf(b, 0, values)
			if err != nil {
				return nil, err
			}
			t := &table[M, A]{scope: b.Scope, id: b.ID, step: f.Step, out: newRowsOut[A](b)}
			t.old = newOldValue(&t.out, values.Serde)
			take(b, t)
			flow.Provide(b, func(key []byte, _ *A) (*A, bool, error) { return t.rows.Get(key) })
			if !f.Mortal {
				t.rows = kv.NewValues(b.Task.State, b.Store(0), stored)
				return t, nil
			}
			m := newMortalRows(b, p.PolicyOf(b.ID), f.TTL, stored, t.expired)
			t.rows = m
			return m, m.plan()
		},
	})
}

// rowStore keeps the rows of a table.
type rowStore[A any] interface {
	// Get, Upsert and Delete are as in [kv.Values].
	Get(key []byte) (v *A, found bool, err error)
	Upsert(key []byte) (v *A, existed bool, err error)
	Delete(key []byte) error
}

// A table keeps a value for each key and sends each new one on.
type table[M, A any] struct {
	scope *flow.Scope
	id    int
	step  func(A, M, bool) A
	rows  rowStore[A]
	out   rowsOut[A]
	old   oldValue[A]
}

func (t *table[M, A]) push(m M) error {
	t.scope.Operator = t.id
	v, existed, err := t.rows.Upsert(t.scope.Key)
	if err != nil {
		return err
	}
	if err := t.old.take(v); err != nil {
		return err
	}
	*v = t.step(*v, m, existed)
	return t.send(v, existed)
}

// remove deletes the row of the key.
func (t *table[M, A]) remove() error {
	t.scope.Operator = t.id
	v, found, err := t.rows.Get(t.scope.Key)
	if err != nil || !found {
		return err
	}
	if err := t.old.take(v); err != nil {
		return err
	}
	if err := t.rows.Delete(t.scope.Key); err != nil {
		return err
	}
	return t.out.deleted(&t.old.value)
}

// expired sends that the row of the key in scope has expired. Its store deletes it.
func (t *table[M, A]) expired(v *A) error {
	t.scope.Operator = t.id
	if err := t.old.take(v); err != nil {
		return err
	}
	return t.out.deleted(&t.old.value)
}

// send sends a new value and its change on.
func (t *table[M, A]) send(v *A, existed bool) error {
	if !existed {
		return t.out.set(nil, v)
	}
	return t.out.set(&t.old.value, v)
}
