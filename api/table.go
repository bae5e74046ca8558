package api

import (
	"time"

	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/api/internal/op/window"
	"github.com/gretestream/grete/scheduler"
)

// A Table is the latest value of each key, kept in a store.
type Table[K comparable, V any] struct {
	app  *App
	edge scheduler.Edge
}

// Updates is the stream of the table's values: one each time that a value is set. With
// [EveryCommit] it has one for each row that has changed since the last commit. A row that is
// deleted isn't in it: read [Changes] to see that.
func (t Table[K, V]) Updates(on ...Trigger) KeyedStream[K, V] {
	if len(on) == 0 {
		return KeyedStream[K, V]{Stream: Stream[V](t)}
	}
	if len(on) > 1 || on[0].early.On != window.OnCommit {
		t.app.pipeline.Mistake("the updates of a table come one for each change, or with api.EveryCommit()")
	}
	return KeyedStream[K, V]{Stream: Stream[V]{t.app, op.CommitUpdates[V](&t.app.pipeline, t.edge)}}
}

// MapValues returns the table of f(v) for every row v. It has no store of its own: f is
// called for each change, and again when a row is looked up. So f must be a pure function.
func (t Table[K, V]) MapValues[R any](f func(V) R) Table[K, R] {
	return Table[K, R]{t.app, op.MapTable(&t.app.pipeline, t.edge, f)}
}

// Filter returns the table of the rows for which f is true. A row for which f is no longer
// true is deleted from it. It has no store of its own: f is called with the old and the new
// value of each change, and again when a row is looked up. So f must be a pure function.
func (t Table[K, V]) Filter(f func(V) bool) Table[K, V] {
	return Table[K, V]{t.app, op.FilterTable(&t.app.pipeline, t.edge, f)}
}

// To writes the table to a topic, keyed as the table is: each new value, and a tombstone (a
// record without a value) for a row that is deleted. So the topic may be compacted. It is
// created if it doesn't exist.
func (t Table[K, V]) To(topic string, opts ...OutputOption[V]) {
	var spec op.OutputSpec[V]
	for _, o := range opts {
		o.apply(&spec)
	}
	op.TableOutput(&t.app.pipeline, t.edge, topic, spec)
}

// A Change is what became of a row of a table: Old is nil if there was none, New if
// there is none any more. What the pointers lead to is to read only, and valid until
// the function that gets it returns.
type Change[V any] struct{ Old, New *V }

// Changes is the stream of a table's changes. The Old of each is the New of the one
// before it, of the same key.
func Changes[K comparable, V any](t Table[K, V]) KeyedStream[K, Change[V]] {
	edge := op.Changes(&t.app.pipeline, t.edge, func(c op.Change[V]) Change[V] { return Change[V](c) })
	return KeyedStream[K, Change[V]]{Stream: Stream[Change[V]]{t.app, edge}}
}

// A FoldOption is a setting of what a table or a window keeps.
type FoldOption[A any] struct{ apply func(*fold[A]) }

type fold[A any] struct {
	serde Serde[A]
	older []op.Upgrade[A]
	merge func(A, A) A
	// ttl is set if mortal is.
	ttl    time.Duration
	mortal bool
}

// StoreSerde sets how the values are encoded in their store.
func StoreSerde[A any](s Serde[A]) FoldOption[A] {
	return FoldOption[A]{func(f *fold[A]) { f.serde = s }}
}

// TTL deletes a row of a table d after its latest record, in event time: when the watermark
// of the table's inputs has passed that time. The deletion is a change of the table like any
// other one: [Changes], To and joins see it. A row that a record sets after that starts
// afresh. A record may come so late that its row has no time left: the row is deleted right
// after it was set.
//
// A restart forgets no expiry. Nothing expires while the inputs are idle, nor at the end of
// a bounded run. d may change from one version of the program to the next; then it holds
// for the rows that change from then on.
func TTL[A any](d time.Duration) FoldOption[A] {
	return FoldOption[A]{func(f *fold[A]) { f.ttl, f.mortal = d, true }}
}

// Upgrade converts values that an earlier version of the program has stored, of type
// Old, to those of this version: f(old) is called when such a value is read. It is
// written back as an A when it next changes. Existing values of several types need an
// Upgrade each; or one with the options of Old's own version, so that they chain:
//
//	api.Upgrade(totalsOfSums, api.Upgrade(sumsOfCounts))
//
// Old describes the stored form, so its fields have the JSON names and types of the
// earlier version; its own name doesn't matter. Values that Old can read as they are,
// because it has only got more fields, are converted, too. Keep an Upgrade until
// GET /api/v1/job shows no more values of its form.
func Upgrade[A, Old any](f func(Old) A, older ...FoldOption[Old]) FoldOption[A] {
	var o fold[Old]
	for _, option := range older {
		option.apply(&o)
	}
	return FoldOption[A]{func(a *fold[A]) { a.older = append(a.older, op.UpgradeFrom(f, o.serde, o.older)) }}
}

// folding is how a value is computed, for the operators.
func folding[M, A any](name string, step func(a A, m M, existed bool) A, opts []FoldOption[A]) op.Fold[M, A] {
	var f fold[A]
	for _, o := range opts {
		o.apply(&f)
	}
	return op.Fold[M, A]{Name: name, Step: step, Serde: f.serde, Older: f.older, TTL: f.ttl, Mortal: f.mortal}
}

func foldTable[K comparable, M, A any](s KeyedStream[K, M], name string, f op.Fold[M, A]) Table[K, A] {
	return Table[K, A]{s.app, op.Table[K](s.pipeline(), s.edge, name, f)}
}
