package join

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

// stream is the input port of a join of a stream with a table; the other is
// [scheduler.PortTable].
const stream = "stream"

// Table records a join of a stream with the rows of a table: those that the table has when
// the stream's record is processed. f makes the result; the row is nil if there is none, and
// the kind is Left.
func Table[M, V, O any](p *flow.Pipeline, from, table scheduler.Edge, name string, kind Kind, f func(*M, *V) O) scheduler.Edge {
	p.Named(name, "join")
	if kind == Outer {
		p.Mistake("join %q: OuterJoin needs two streams or two tables: no time says when a row of a table stays alone; use LeftJoin, or join the table with another one", name)
	}
	from.To, table.To = stream, scheduler.PortTable
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "join", Name: name, From: []scheduler.Edge{from, table},
			Params: []scheduler.Param{
				{Name: "join", Value: string(kind), Affects: scheduler.AffectsResults},
				{Name: "depends on", Value: "order of arrival", Affects: scheduler.AffectsDisplay},
			},
		},
		Emits: []flow.Port{flow.Emit[O]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			j := &streamTable[M, V, O]{
				scope: b.Scope, id: b.ID, counts: b.Counts(), alone: kind == Left,
				rows: flow.TableAt[V](b, scheduler.PortTable), f: f, down: flow.Down[O](b, ""),
			}
			flow.Take(b, stream, j.push)
			flow.TakeRows(b, scheduler.PortTable, flow.Rows[V]{})
			return nil, nil
		},
	})
}

type streamTable[M, V, O any] struct {
	scope  *flow.Scope
	id     int
	counts *metrics.Operator
	alone  bool // a record without a row comes out alone
	rows   *flow.Lookup[V]
	f      func(*M, *V) O
	down   flow.Push[O]

	record M // a pointer to an argument would have it allocated
}

func (j *streamTable[M, V, O]) push(m M) error {
	j.scope.Operator = j.id
	row, found, err := j.rows.Get(j.scope.Key)
	switch {
	case err != nil:
		return err
	case found:
		j.counts.Matches++
	case j.alone:
		j.counts.Unmatched++
		row = nil
	default:
		j.counts.Unmatched++
		return nil
	}
	j.record = m
	return j.down(j.f(&j.record, row))
}
