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

	added Added
}

// tooLate passes a record on that no window takes.
func (b *base[K, M, A, R, P]) tooLate(m M) error {
	b.counts.Late++
	return b.late(m)
}

// tell sends a result of a window whose value stays, and notes it. The window's records are
// before a time; at is the event time of the result.
func (b *base[K, M, A, R, P]) tell(key []byte, start, end, before, at int64, v *A, e *layout.Emitted, timing Timing) error {
	result, err := b.agg.Result(v, key, start, before)
	if err != nil {
		return err
	}
	index := int(e.Index)
	e.Index++
	e.Fresh = 0
	e.Final = e.Final || timing == Final
	if b.discarding {
		var zero A
		*v = zero
		if err := b.agg.Forget(key, start, before); err != nil {
			return err
		}
	} else if result, err = b.copies.Of(&result); err != nil {
		return err
	}
	if b.lasts != nil {
		last, _, err := b.lasts.Upsert(key, layout.At{Time: start})
		if err != nil {
			return err
		}
		*last = result
	}
	return b.send(key, at, Pane[K, R]{Start: start, End: end, Value: result, Index: index, Timing: timing})
}

// timing is that of a result at the end of a window or after it.
func timing(e *layout.Emitted) Timing {
	if e.Final {
		return Update
	}
	return Final
}
