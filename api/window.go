package api

import (
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/scheduler"
)

// A Window says how the records of a key are grouped by their event time.
type Window struct {
	size, grace time.Duration
}

// Tumbling windows follow each other without a gap: each record is in one. They
// are aligned to the beginning of 1970, UTC.
func Tumbling(size time.Duration) Window { return Window{size: size} }

// Grace is how long after its end, in event time, a window still takes records.
// It is written when that is over. It comes on top of the disorder of the
// input.
func (w Window) Grace(d time.Duration) Window {
	w.grace = d
	return w
}

// check reports what makes no sense.
func (w Window) check(a *App, name string) {
	switch {
	case w.size <= 0:
		a.mistake(caller(), fmt.Errorf("window %q has no size: say how long it is, as in api.Tumbling(time.Minute)", name))
	case w.size%time.Millisecond != 0:
		a.mistake(caller(), fmt.Errorf("window %q: a size of %v isn't a whole number of milliseconds", name, w.size))
	case w.grace < 0:
		a.mistake(caller(), fmt.Errorf("window %q: a grace of %v is negative", name, w.grace))
	}
}

func (w Window) params(how string) []scheduler.Param {
	return []scheduler.Param{
		{Name: "window", Value: "tumbling", Affects: scheduler.AffectsState},
		{Name: "size", Value: w.size.String(), Affects: scheduler.AffectsState},
		{Name: "keeps", Value: how, Affects: scheduler.AffectsState},
		{Name: "grace", Value: w.grace.String(), Affects: scheduler.AffectsResults},
	}
}

// A WindowedStream is a keyed stream in windows; what is to be kept of each
// window is said by its methods. There can be one of them: the window has one
// store.
type WindowedStream[K comparable, M any] struct {
	stream KeyedStream[K, M]
	name   string
	window Window
	at     string
}

// Count is the number of records in each window.
func (w WindowedStream[K, M]) Count() KeyedStream[K, Pane[K, int64]] {
	return foldWindow(w, "count", func(n int64, _ M, _ bool) int64 { return n + 1 })
}

// Fold starts each window at the zero value, and goes on with f of the value so
// far and the next record. The value is kept as JSON (integers, strings and
// []byte as themselves): unexported fields are lost.
func (w WindowedStream[K, M]) Fold[A any](f func(A, M) A) KeyedStream[K, Pane[K, A]] {
	return foldWindow(w, "fold", func(a A, m M, _ bool) A { return f(a, m) })
}

// FoldFrom is Fold with a function that makes the value that a window starts at.
func (w WindowedStream[K, M]) FoldFrom[A any](init func() A, f func(A, M) A) KeyedStream[K, Pane[K, A]] {
	return foldWindow(w, "fold", func(a A, m M, existed bool) A {
		if !existed {
			a = init()
		}
		return f(a, m)
	})
}

// Number is what can be summed.
type Number interface{ ~int | ~int64 | ~float64 }

// Sum is the sum of f over the records in each window.
func (w WindowedStream[K, M]) Sum[N Number](f func(M) N) KeyedStream[K, Pane[K, N]] {
	return foldWindow(w, "sum", func(n N, m M, _ bool) N { return n + f(m) })
}

var errTwice = errors.New("the window is used twice: it has one store; give each use a window of its own")
