package join

import (
	"errors"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

// A StreamsSpec is a join of two streams that a user has described.
type StreamsSpec struct {
	Name string
	Kind Kind
	Range
}

// Streams records a join of two streams by key and event time. f makes the result of two
// records that match, and of one that matches nothing, if the kind says so: then the other
// one is nil. The pointers are to read only, and valid until f returns.
func Streams[K comparable, L, R, O any](p *flow.Pipeline, from, other scheduler.Edge, spec StreamsSpec, f func(*L, *R) O) scheduler.Edge {
	name := spec.Name
	p.Named(name, "join")
	spec.check(p, name)
	keys, lefts, rights := op.KeysOf[K](p, what(name)), op.KeptOf[L](p, nil, what(name)), op.KeptOf[R](p, nil, what(name))
	from.To, other.To = left, right
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "join", Name: name, From: []scheduler.Edge{from, other},
			Stores: []scheduler.StoreSpec{
				op.StoreSpec(p, name, left, layout.NameBuffers, keys, lefts),
				op.StoreSpec(p, name, right, layout.NameBuffers, keys, rights),
			},
			Params: spec.params(spec.Kind),
		},
		Emits: []flow.Port{flow.Emit[O](""), flow.Emit[L](PortLateLeft), flow.Emit[R](PortLateRight)},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			j := &streams[L, R, O]{
				task: b.Task, scope: b.Scope, id: b.ID, time: b.EventTime(), counts: b.Counts(),
				grace: spec.Grace.Milliseconds(), f: f, down: flow.Down[O](b, ""),
				firing: loop.Firing{Node: b.ID, Skips: p.PolicyOf(b.ID) == flow.Skip},
			}
			before, after := spec.Before.Milliseconds(), spec.After.Milliseconds()
			var errL, errR error
			j.left, errL = newSide(b, 0, lefts, before, after, spec.Kind != Inner, flow.Down[L](b, PortLateLeft))
			j.right, errR = newSide(b, 1, rights, after, before, spec.Kind == Outer, flow.Down[R](b, PortLateRight))
			flow.Take(b, left, j.pushLeft)
			flow.Take(b, right, j.pushRight)
			return j, errors.Join(errL, errR)
		},
	})
}

// A streams joins two streams. A record is late if its event time is before the watermark
// less the grace. Every other one is kept until no record that isn't late can match it any
// more. So all pairs that match meet, in whatever order they arrive: the one that comes
// second finds the first.
type streams[L, R, O any] struct {
	task   *loop.Task
	scope  *flow.Scope
	id     int
	time   *flow.EventTime
	counts *metrics.Operator
	grace  int64 // ms
	f      func(*L, *R) O
	down   flow.Push[O]

	left   side[L]
	right  side[R]
	firing loop.Firing // of a record that comes out alone
}

// Mark and Rewind implement [flow.Undoer].
func (j *streams[L, R, O]) Mark()   { j.left.mark, j.right.mark = j.left.due, j.right.due }
func (j *streams[L, R, O]) Rewind() { j.left.due, j.right.due = j.left.mark, j.right.mark }

func (j *streams[L, R, O]) pushLeft(l L) error {
	if j.isLate() {
		return j.left.late(l)
	}
	j.left.record = l
	matched, err := matches(j, &j.left, &j.right, func(r *R) O { return j.f(&j.left.record, r) })
	if err != nil {
		return err
	}
	return add(j, &j.left, matched)
}

func (j *streams[L, R, O]) pushRight(r R) error {
	if j.isLate() {
		return j.right.late(r)
	}
	j.right.record = r
	matched, err := matches(j, &j.right, &j.left, func(l *L) O { return j.f(l, &j.right.record) })
	if err != nil {
		return err
	}
	return add(j, &j.right, matched)
}

// isLate reports whether a record comes when some that it matches may have expired.
func (j *streams[L, R, O]) isLate() bool {
	j.scope.Operator = j.id
	if now := j.time.Now(); j.scope.Time >= now-j.grace {
		return false
	}
	j.counts.Late++
	return true
}

// matches sends the results of a record with all that it matches on the other side, and
// reports whether there were any.
func matches[L, R, O, M, N any](j *streams[L, R, O], own *side[M], other *side[N], result func(*N) O) (found bool, err error) {
	key, at := j.scope.Key, j.scope.Time
	other.found = other.found[:0]
	err = other.buffer.Range(key, at-own.before, at+own.after, func(o layout.At, n *N, settled bool) (bool, error) {
		found = true
		j.counts.Matches++
		if other.alone && !settled {
			other.found = append(other.found, o)
		}
		j.scope.Time, j.scope.Operator = max(at, o.Time), j.id
		return true, j.down(result(n))
	})
	j.scope.Time, j.scope.Operator = at, j.id
	for _, o := range other.found {
		if err == nil {
			err = other.buffer.Settle(key, o, other.expires(o.Time, j.grace))
		}
	}
	return found, err
}

// add keeps the record of a side.
func add[L, R, O, M any](j *streams[L, R, O], own *side[M], matched bool) error {
	j.counts.Entries++
	expires := own.expires(j.scope.Time, j.grace)
	own.due = min(own.due, expires)
	return own.buffer.Add(j.scope.Key, j.scope.Time, own.record, matched || !own.alone, expires)
}

// Watermark is behind the inputs by the grace, and by the records that may still come out
// alone.
func (j *streams[L, R, O]) Watermark() int64 {
	return j.time.Behind(j.grace, min(j.left.pending(j.grace), j.right.pending(j.grace)))
}

// Due is when the first record expires.
func (j *streams[L, R, O]) Due() int64 { return min(j.left.due, j.right.due) }
