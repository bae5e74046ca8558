package api

import (
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op/window"
	"github.com/gretestream/grete/scheduler"
)

// A Window says how the records of a key are grouped by their event time, and when the
// results of the groups are sent.
//
// A result is final when the watermark has passed the end of its window, and Grace after
// that. Records that come later are left out; see [WindowedStream.Late].
type Window struct{ spec window.Spec }

// Tumbling windows follow each other without a gap, so that each record is in one.
// They are aligned to the start of 1970, UTC.
func Tumbling(size time.Duration) Window {
	return Window{window.Spec{Kind: window.Tumbling, Size: size}}
}

// Grace is how long after its end, in event time, a window still takes records. Its
// final result comes after that, or before that with Updates. Grace comes on top of the
// input's Disorder.
func (w Window) Grace(d time.Duration) Window {
	w.spec.Grace = d
	return w
}

// A WindowedStream is a keyed stream in windows. One of its methods says what is
// kept of each window: a window has one store.
type WindowedStream[K comparable, M any] struct {
	stream KeyedStream[K, M]
	spec   window.Spec
	late   *lateEdge
}

// lateEdge leads from the window, once its aggregate is recorded.
type lateEdge struct {
	edge     scheduler.Edge
	recorded bool
}

// Window groups the stream by key and time.
func (s KeyedStream[K, M]) Window(name string, w Window) WindowedStream[K, M] {
	spec := w.spec
	spec.Name, spec.At = name, flow.Caller()
	spec.Check(s.pipeline())
	return WindowedStream[K, M]{s, spec, &lateEdge{}}
}

// Late is the stream of the records that came too late for all their windows. It is called
// after the method that says what is kept. Each record is either in a result or late.
func (w WindowedStream[K, M]) Late() Stream[M] {
	if !w.late.recorded {
		w.stream.pipeline().Mistake("window %q: Late comes before the aggregate; call Count, Sum, Fold or another one first", w.spec.Name)
		return w.stream.Stream
	}
	return Stream[M]{w.stream.app, w.late.edge}
}

// aggregate records a window with its aggregate.
func aggregate[K comparable, M, A, R any](w WindowedStream[K, M], agg window.Aggregate[K, M, A, R]) KeyedStream[K, Pane[K, R]] {
	p := w.stream.pipeline()
	p.Describe[Pane[K, R]](paneShape[K, R]())
	edge := window.Record(p, w.stream.edge, w.spec, agg, newPane[K, R])
	w.late.edge, w.late.recorded = edge, true
	w.late.edge.Port = window.PortLate
	return KeyedStream[K, Pane[K, R]]{Stream: Stream[Pane[K, R]]{w.stream.app, edge}}
}

func newPane[K comparable, R any](p window.Pane[K, R]) Pane[K, R] {
	return Pane[K, R]{
		Key: p.Key, Start: time.UnixMilli(p.Start).UTC(), End: time.UnixMilli(p.End).UTC(),
		Value: p.Value, Index: p.Index, Timing: timingOf(p.Timing),
	}
}
