package api

import (
	"cmp"
	"slices"

	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/api/internal/op/window"
)

// Number is what can be summed.
type Number interface {
	~int | ~int32 | ~int64 | ~uint64 | ~float64
}

// An Aggregator computes a result from records in three steps: Add adds a record to a value,
// which is zero at first; Merge adds the second value to the first; Result makes the result
// of a value. Add and Merge may change and return their first argument, and must not
// change or keep the second one's memory. The methods don't use their receiver.
type Aggregator[M, A, R any] interface {
	Add(A, M) A
	Merge(A, A) A
	Result(A) R
}

// Merging sets how two values of a fold are merged. Session windows need it, and hopping
// windows are much cheaper with it. f may change and return its first argument; it must not
// change the second one.
func Merging[A any](f func(A, A) A) FoldOption[A] {
	return FoldOption[A]{func(o *fold[A]) { o.merge = f }}
}

// Count is the number of records in each window.
func (w WindowedStream[K, M]) Count() KeyedStream[K, Pane[K, int64]] {
	return aggregate(w, folded[K]("count", func(n int64, _ M, _ bool) int64 { return n + 1 }, []FoldOption[int64]{Merging(add[int64])}))
}

// Sum is the sum of f over the records in each window.
func (w WindowedStream[K, M]) Sum[N Number](f func(M) N) KeyedStream[K, Pane[K, N]] {
	return aggregate(w, folded[K]("sum", func(n N, m M, _ bool) N { return n + f(m) }, []FoldOption[N]{Merging(add[N])}))
}

// Min is the least f of the records in each window.
func (w WindowedStream[K, M]) Min[N cmp.Ordered](f func(M) N) KeyedStream[K, Pane[K, N]] {
	return aggregate(w, best[K]("min", f, func(a, b N) N { return min(a, b) }))
}

// Max is the greatest f of the records in each window.
func (w WindowedStream[K, M]) Max[N cmp.Ordered](f func(M) N) KeyedStream[K, Pane[K, N]] {
	return aggregate(w, best[K]("max", f, func(a, b N) N { return max(a, b) }))
}

// Avg is the mean of f over the records in each window.
func (w WindowedStream[K, M]) Avg[N Number](f func(M) N) KeyedStream[K, Pane[K, float64]] {
	return aggregate(w, averaged[K](f))
}

// Fold starts each window at the zero value; each record makes the next value of
// it, f(value, m). The value is kept as JSON (integers, strings and []byte as
// themselves), so its unexported fields are lost.
func (w WindowedStream[K, M]) Fold[A any](f func(A, M) A, o ...FoldOption[A]) KeyedStream[K, Pane[K, A]] {
	return aggregate(w, folded[K]("fold", func(a A, m M, _ bool) A { return f(a, m) }, o))
}

// FoldFrom is Fold with a function that makes the value that a window starts at. A value
// that is merged with another one has started at it, too.
func (w WindowedStream[K, M]) FoldFrom[A any](init func() A, f func(A, M) A, o ...FoldOption[A]) KeyedStream[K, Pane[K, A]] {
	return aggregate(w, folded[K]("fold", func(a A, m M, existed bool) A {
		if !existed {
			a = init()
		}
		return f(a, m)
	}, o))
}

// Aggregate computes a result by an [Aggregator].
func (w WindowedStream[K, M]) Aggregate[A, R any](g Aggregator[M, A, R], o ...FoldOption[A]) KeyedStream[K, Pane[K, R]] {
	step := func(a A, m M, _ bool) A { return g.Add(a, m) }
	return aggregate(w, window.Fold[K](folding("aggregate", step, o), g.Merge, g.Result))
}

// Distinct is the exact number of different f of the records in each window. It keeps an entry
// for each.
func (w WindowedStream[K, M]) Distinct[D comparable](f func(M) D) KeyedStream[K, Pane[K, int64]] {
	return aggregate(w, window.Distinct[K](f))
}

// Collect is all records in each window, in order of event time. It keeps an entry for each
// record, so that a commit writes only those that are new; a result has all of them in memory.
// Records of one event time are in order of arrival.
func Collect[K comparable, M any](w WindowedStream[K, M]) KeyedStream[K, Pane[K, []M]] {
	return aggregate(w, window.Collect[K, M]())
}

// ReduceWindow keeps a record of each window: at first the first one, then f(kept, m) for each
// further one. f must give the same result however the records are grouped, as a merge
// of two kept records is f of both.
func ReduceWindow[K comparable, M any](w WindowedStream[K, M], f func(M, M) M) KeyedStream[K, Pane[K, M]] {
	return aggregate(w, folded[K]("reduce", func(a, m M, existed bool) M {
		if !existed {
			return m
		}
		return f(a, m)
	}, []FoldOption[M]{Merging(f)}))
}

// TopN is the n records in each window with the greatest f, the greatest first. Among equal
// ones those that came first are kept. The value has n records, so n should be small.
func TopN[K comparable, M any, N cmp.Ordered](w WindowedStream[K, M], n int, by func(M) N) KeyedStream[K, Pane[K, []M]] {
	if n < 1 {
		w.stream.pipeline().Mistake("window %q: TopN of %d records; set at least 1", w.spec.Name, n)
	}
	t := top[M, N]{n, by}
	return aggregate(w, folded[K]("top", func(a []M, m M, _ bool) []M { return t.add(a, m) }, []FoldOption[[]M]{Merging(t.merge)}))
}

func add[N Number](a, b N) N { return a + b }

// folded is an aggregate whose result is its value.
func folded[K comparable, M, A any](name string, step func(a A, m M, existed bool) A, o []FoldOption[A]) window.Aggregate[K, M, A, A] {
	var f fold[A]
	for _, option := range o {
		option.apply(&f)
	}
	return window.Fold[K](folding(name, step, o), f.merge, func(a A) A { return a })
}

// best keeps the best of f.
func best[K comparable, M any, N cmp.Ordered](name string, f func(M) N, better func(a, b N) N) window.Aggregate[K, M, N, N] {
	return folded[K](name, func(a N, m M, existed bool) N {
		if !existed {
			return f(m)
		}
		return better(a, f(m))
	}, []FoldOption[N]{Merging(better)})
}

// mean is what Avg keeps.
type mean[N Number] struct {
	Sum N     `json:"sum"`
	N   int64 `json:"n"`
}

func averaged[K comparable, M any, N Number](f func(M) N) window.Aggregate[K, M, mean[N], float64] {
	step := func(a mean[N], m M, _ bool) mean[N] { return mean[N]{a.Sum + f(m), a.N + 1} }
	merge := func(a, b mean[N]) mean[N] { return mean[N]{a.Sum + b.Sum, a.N + b.N} }
	return window.Fold[K](op.Fold[M, mean[N]]{Name: "avg", Step: step}, merge, func(a mean[N]) float64 { return float64(a.Sum) / float64(a.N) })
}

// top keeps the records with the greatest f, in order.
type top[M any, N cmp.Ordered] struct {
	n  int
	by func(M) N
}

func (t top[M, N]) add(a []M, m M) []M {
	by := t.by(m)
	if len(a) == t.n && cmp.Compare(by, t.by(a[len(a)-1])) <= 0 {
		return a
	}
	at, _ := slices.BinarySearchFunc(a, by, func(other M, by N) int {
		if cmp.Compare(t.by(other), by) >= 0 {
			return -1
		}
		return 1
	})
	if len(a) == t.n {
		a = a[:len(a)-1]
	}
	return slices.Insert(a, at, m)
}

func (t top[M, N]) merge(a, b []M) []M {
	for _, m := range b {
		a = t.add(a, m)
	}
	return a
}
