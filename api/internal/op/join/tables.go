package join

import (
	"slices"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

// Tables records the table of the joined rows of two tables. It has no store of its own: a
// row is computed when a row of either table changes, and again when it is looked up.
func Tables[L, R, O any](p *flow.Pipeline, from, other scheduler.Edge, name string, kind Kind, f func(*L, *R) O) scheduler.Edge {
	p.Named(name, "join")
	self := from == other
	if shared := shared(p, from, other); !self && shared >= 0 {
		n := p.Node(shared)
		p.Mistake("join %q: both sides show rows of %s %q, which change at the same time; join it with itself, and do the rest in the function", name, n.Kind, n.Name)
	}
	from.To, other.To = left, right
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "join", Name: name, From: []scheduler.Edge{from, other},
			Params: []scheduler.Param{{Name: "join", Value: string(kind), Affects: scheduler.AffectsResults}},
		},
		Emits: []flow.Port{flow.EmitRows[O](), flow.Emit[flow.Change[O]](op.PortChanges)},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			j := &tables[L, R, O]{
				scope: b.Scope, id: b.ID, counts: b.Counts(), kind: kind, f: f, out: newRows[O](b),
				left: flow.TableAt[L](b, left), right: flow.TableAt[R](b, right),
			}
			lefts, rights := flow.Rows[L]{}, flow.Rows[R]{}
			switch {
			case !j.out.read():
			case self:
				lefts.Change = j.changeSelf
			default:
				lefts.Change, rights.Change = j.changeLeft, j.changeRight
			}
			flow.TakeRows(b, left, lefts)
			flow.TakeRows(b, right, rights)
			flow.Provide(b, j.get)
			return nil, nil
		},
	})
}

// shared finds an operator that keeps rows of both tables, -1 if there is none.
func shared(p *flow.Pipeline, a, b scheduler.Edge) int {
	keptA := kept(p, a)
	for _, id := range kept(p, b) {
		if slices.Contains(keptA, id) {
			return id
		}
	}
	return -1
}

// kept finds the operators that keep the rows of a table. Those that compute them have no
// store.
func kept(p *flow.Pipeline, table scheduler.Edge) (ids []int) {
	n := p.Node(table.Node)
	if len(n.Stores) > 0 {
		return []int{n.ID}
	}
	for _, e := range n.From {
		ids = append(ids, kept(p, e)...)
	}
	return ids
}

type tables[L, R, O any] struct {
	scope  *flow.Scope
	id     int
	counts *metrics.Operator
	kind   Kind
	f      func(*L, *R) O
	left   *flow.Lookup[L]
	right  *flow.Lookup[R]
	out    rows[O]

	before, after O // the joined row
}

// row computes the joined row of two rows, nil if there is none.
func (j *tables[L, R, O]) row(l *L, r *R, o *O) *O {
	switch {
	case l == nil && r == nil, l == nil && j.kind != Outer, r == nil && j.kind == Inner:
		return nil
	}
	j.scope.Operator = j.id
	*o = j.f(l, r)
	return o
}

func (j *tables[L, R, O]) changeLeft(c flow.Change[L]) error {
	r, _, err := j.right.Get(j.scope.Key)
	if err != nil {
		return err
	}
	old := j.row(c.Old, r, &j.before)
	return j.send(old, j.row(c.New, r, &j.after))
}

func (j *tables[L, R, O]) changeRight(c flow.Change[R]) error {
	l, _, err := j.left.Get(j.scope.Key)
	if err != nil {
		return err
	}
	old := j.row(l, c.Old, &j.before)
	return j.send(old, j.row(l, c.New, &j.after))
}

// changeSelf takes the changes of a table that is joined with itself: L and R are one type.
// Both sides change at once.
func (j *tables[L, R, O]) changeSelf(c flow.Change[L]) error {
	both := any(c).(flow.Change[R])
	old := j.row(c.Old, both.Old, &j.before)
	return j.send(old, j.row(c.New, both.New, &j.after))
}

func (j *tables[L, R, O]) send(old, now *O) error {
	if old == nil && now == nil {
		return nil
	}
	if now != nil {
		j.counts.Matches++
	}
	return j.out.send(flow.Change[O]{Old: old, New: now})
}

func (j *tables[L, R, O]) get(key []byte, scratch *O) (*O, bool, error) {
	l, _, err := j.left.Get(key)
	if err != nil {
		return nil, false, err
	}
	r, _, err := j.right.Get(key)
	if err != nil {
		return nil, false, err
	}
	o := j.row(l, r, scratch)
	return o, o != nil, nil
}

// rows sends what becomes of the rows of a table to all that read it.
type rows[V any] struct {
	flow.Rows[V]
}

func newRows[V any](b *flow.Builder) rows[V] {
	r := rows[V]{flow.DownRows[V](b)}
	if b.Needed(op.PortChanges) {
		r.Change = flow.Both(r.Change, flow.Down[flow.Change[V]](b, op.PortChanges))
	}
	return r
}

func (r *rows[V]) read() bool { return r.Value != nil || r.New != nil || r.Change != nil }

func (r *rows[V]) send(c flow.Change[V]) error {
	if r.Value != nil && c.New != nil {
		if err := r.Value(*c.New); err != nil {
			return err
		}
	}
	if r.New != nil {
		if err := r.New(c.New); err != nil {
			return err
		}
	}
	if r.Change != nil {
		return r.Change(c)
	}
	return nil
}
