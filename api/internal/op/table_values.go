package op

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
)

// The operators that make a table of another one without a store of their own: they
// compute each row when it changes, and again when it is looked up.

// MapTable records the table of f(v) for each row v of a table.
func MapTable[V, R any](p *flow.Pipeline, table scheduler.Edge, f func(V) R) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  step("map", table),
		Emits: emitRows[R](),
		Build: func(b *flow.Builder) (flow.Operator, error) {
			m := &mapTable[V, R]{scope: b.Scope, id: b.ID, f: f, from: flow.TableAt[V](b, ""), out: newRowsOut[R](b)}
			var rows flow.Rows[V]
			switch {
			case m.out.change != nil:
				rows.Change = m.change
			case m.out.row != nil:
				rows.New = m.row
			case m.out.value != nil:
				rows.Value = m.push
			}
			flow.TakeRows(b, "", rows)
			flow.Provide(b, m.get)
			return nil, nil
		},
	})
}

type mapTable[V, R any] struct {
	scope *flow.Scope
	id    int
	f     func(V) R
	from  *flow.Lookup[V]
	out   rowsOut[R]

	old, value R
}

func (m *mapTable[V, R]) push(v V) error {
	m.scope.Operator = m.id
	return m.out.value(m.f(v))
}

func (m *mapTable[V, R]) row(v *V) error {
	if v == nil {
		return m.out.deleted(nil)
	}
	m.scope.Operator = m.id
	m.value = m.f(*v)
	return m.out.set(nil, &m.value)
}

func (m *mapTable[V, R]) change(c Change[V]) error {
	m.scope.Operator = m.id
	var old *R
	if c.Old != nil {
		m.old = m.f(*c.Old)
		old = &m.old
	}
	if c.New == nil {
		return m.out.deleted(old)
	}
	m.value = m.f(*c.New)
	return m.out.set(old, &m.value)
}

func (m *mapTable[V, R]) get(key []byte, scratch *R) (*R, bool, error) {
	v, found, err := m.from.Get(key)
	if err != nil || !found {
		return nil, false, err
	}
	m.scope.Operator = m.id
	*scratch = m.f(*v)
	return scratch, true, nil
}

// FilterTable records the table of the rows for which f is true.
func FilterTable[V any](p *flow.Pipeline, table scheduler.Edge, f func(V) bool) scheduler.Edge {
	return p.Add(flow.Node{
		Node:  step("filter", table),
		Emits: emitRows[V](),
		Build: func(b *flow.Builder) (flow.Operator, error) {
			t := &filterTable[V]{scope: b.Scope, id: b.ID, f: f, from: flow.TableAt[V](b, ""), out: newRowsOut[V](b)}
			var rows flow.Rows[V]
			switch {
			case t.out.row != nil || t.out.change != nil:
				rows.Change = t.change
			case t.out.value != nil:
				rows.Value = t.push
			}
			flow.TakeRows(b, "", rows)
			flow.Provide(b, t.get)
			return nil, nil
		},
	})
}

type filterTable[V any] struct {
	scope *flow.Scope
	id    int
	f     func(V) bool
	from  *flow.Lookup[V]
	out   rowsOut[V]
}

// has reports whether a row is in the table.
func (t *filterTable[V]) has(v *V) bool {
	if v == nil {
		return false
	}
	t.scope.Operator = t.id
	return t.f(*v)
}

// push is used if only new values are read: nothing hears of a row that leaves.
func (t *filterTable[V]) push(v V) error {
	t.scope.Operator = t.id
	if !t.f(v) {
		return nil
	}
	return t.out.value(v)
}

func (t *filterTable[V]) change(c Change[V]) error {
	had, has := t.has(c.Old), t.has(c.New)
	old := c.Old
	if !had {
		old = nil
	}
	switch {
	case has:
		return t.out.set(old, c.New)
	case had:
		return t.out.deleted(old)
	}
	return nil
}

func (t *filterTable[V]) get(key []byte, _ *V) (*V, bool, error) {
	v, found, err := t.from.Get(key)
	if err != nil || !found || !t.has(v) {
		return nil, false, err
	}
	return v, true, nil
}
