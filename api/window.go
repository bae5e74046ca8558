package api

import (
	"time"

	"github.com/gretestream/grete/api/internal/op"
)

// A Window says how the records of a key are grouped by their event time.
type Window struct{ spec op.WindowSpec }

// Tumbling windows follow each other without a gap, so that each record is in one.
// They are aligned to the start of 1970, UTC.
func Tumbling(size time.Duration) Window { return Window{op.WindowSpec{Size: size}} }

// Grace is how long after its end, in event time, a window still takes records. Its
// final pane comes after that. Grace comes on top of the input's Disorder.
func (w Window) Grace(d time.Duration) Window {
	w.spec.Grace = d
	return w
}

// A WindowedStream is a keyed stream in windows. One of its methods says what is
// kept of each window: a window has one store.
type WindowedStream[K comparable, M any] struct {
	stream KeyedStream[K, M]
	spec   op.WindowSpec
}

// Count is the number of records in each window.
func (w WindowedStream[K, M]) Count() KeyedStream[K, Pane[K, int64]] {
	return foldWindow(w, folding("count", func(n int64, _ M, _ bool) int64 { return n + 1 }, nil))
}

// Fold starts each window at the zero value; each record makes the next value of
// it, f(value, m). The value is kept as JSON (integers, strings and []byte as
// themselves), so its unexported fields are lost.
func (w WindowedStream[K, M]) Fold[A any](f func(A, M) A, o ...FoldOption[A]) KeyedStream[K, Pane[K, A]] {
	return foldWindow(w, folding("fold", func(a A, m M, _ bool) A { return f(a, m) }, o))
}

// FoldFrom is Fold with a function that makes the value that a window starts at.
func (w WindowedStream[K, M]) FoldFrom[A any](init func() A, f func(A, M) A, o ...FoldOption[A]) KeyedStream[K, Pane[K, A]] {
	return foldWindow(w, folding("fold", func(a A, m M, existed bool) A {
		if !existed {
			a = init()
		}
		return f(a, m)
	}, o))
}

// Number is what can be summed.
type Number interface{ ~int | ~int64 | ~float64 }

// Sum is the sum of f over the records in each window.
func (w WindowedStream[K, M]) Sum[N Number](f func(M) N) KeyedStream[K, Pane[K, N]] {
	return foldWindow(w, folding("sum", func(n N, m M, _ bool) N { return n + f(m) }, nil))
}

func foldWindow[K comparable, M, A any](w WindowedStream[K, M], f op.Fold[M, A]) KeyedStream[K, Pane[K, A]] {
	p := w.stream.pipeline()
	p.Describe[Pane[K, A]](paneShape[K, A]())
	edge := op.Window(p, w.stream.edge, w.spec, f, func(c op.Closed[K, A]) Pane[K, A] {
		return Pane[K, A]{Key: c.Key, Start: time.UnixMilli(c.Start).UTC(), End: time.UnixMilli(c.End).UTC(), Value: c.Value, Timing: Final}
	})
	return KeyedStream[K, Pane[K, A]]{Stream: Stream[Pane[K, A]]{w.stream.app, edge}}
}
