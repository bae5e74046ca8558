package window

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/metrics"
)

const (
	// closeChunk is how many results are sent in one piece of work, so that a commit
	// can come between while a huge window closes, or many of them.
	closeChunk = 4096
	// closeCost is the work of closing a window, in results.
	closeCost = 16
)

// base is what all kinds of windows have in a task.
type base[K comparable, M, A, R, P any] struct {
	sender[K, R, P]
	time   *flow.EventTime
	counts *metrics.Operator
	agg    Aggregator[M, A, R]
	late   flow.Push[M]
	copies op.Copier[R]     // of results whose values stay
	lasts  *layout.Times[R] // the last results of sessions, which may be taken back; nil: none are

	grace      int64 // ms
	updates    bool
	discarding bool

	added   Added
	out     output[A]
	deliver func() error // sendOut, as a value
}

// An output is a result that is sent. The window's records are before a time; at is the event
// time of the result.
type output[A any] struct {
	key                    []byte
	start, end, before, at int64
	value                  *A
	index                  int
	timing                 Timing
	last                   bool // the value goes with it
}

// tooLate passes a record on that no window takes.
func (b *base[K, M, A, R, P]) tooLate(m M) error {
	b.counts.Late++
	return b.late(m)
}

// sendOut sends the result that is described by out.
func (b *base[K, M, A, R, P]) sendOut() error {
	o := &b.out
	result, err := b.agg.Result(o.value, o.key, o.start, o.before)
	if err != nil {
		return err
	}
	if !o.last && !b.discarding {
		if result, err = b.copies.Of(&result); err != nil {
			return err
		}
		if b.lasts != nil {
			last, _, err := b.lasts.Upsert(o.key, layout.At{Time: o.start})
			if err != nil {
				return err
			}
			*last = result
		}
	}
	return b.send(o.key, o.at, Pane[K, R]{Start: o.start, End: o.end, Value: result, Index: o.index, Timing: o.timing})
}

// fire sends a result that time makes due. One that fails is left out, if the policy says so.
func (b *base[K, M, A, R, P]) fire(o output[A]) error {
	b.out = o
	b.firing.Key, b.firing.Start = o.key, o.start
	return b.task.Fire(&b.firing, b.deliver)
}

// aside sends a result in the middle of a record, which goes on with its own key and time.
func (b *base[K, M, A, R, P]) aside(o output[A]) error {
	record := *b.scope
	b.out = o
	if err := b.sendOut(); err != nil {
		return err
	}
	*b.scope = record
	return nil
}

// number notes a result that is about to be sent, and returns its number.
func (b *base[K, M, A, R, P]) number(e *layout.Emitted, timing Timing) int {
	index := int(e.Index)
	e.Index++
	e.Fresh, e.Final = 0, e.Final || timing == Final
	return index
}

// discard removes what was sent, if no other result is to have it.
func (b *base[K, M, A, R, P]) discard(v *A, key []byte, start, before int64) error {
	if !b.discarding {
		return nil
	}
	var zero A
	*v = zero
	return b.agg.Forget(key, start, before)
}

// timing is that of a result at the end of a window or after it.
func timing(e *layout.Emitted) Timing {
	if e.Final {
		return Update
	}
	return Final
}
