package api

import (
	"github.com/gretestream/grete/api/internal/op"
)

// A TableOption is a setting of an [App.Table]: an [InputOption] of its topic, or a
// [FoldOption] of what it keeps.
type TableOption[V any] interface {
	tableOption(*op.InputSpec[V], *fold[V])
}

func (o InputOption[M]) tableOption(in *op.InputSpec[M], _ *fold[M]) { o.apply(in) }
func (o FoldOption[A]) tableOption(_ *op.InputSpec[A], f *fold[A])   { o.apply(f) }

// Table reads a topic whose records are keyed, and partitioned, by K, as a table: a record
// is the new row of its key, and one without a value (a tombstone) deletes the row. The
// topic may be compacted. The last record is that which arrives last.
//
// The table keeps its rows in a store with the name of the topic, and in a changelog of its
// own. A record without a key is no row: see [OnError].
//
// Each task reads the topic to the end that it has when the task first starts, before it
// reads inputs that have no [Bootstrap]. So joins find the rows that were there before.
// [NoBootstrap] switches that off.
func (a *App) Table[K comparable, V any](topic string, opts ...TableOption[V]) Table[K, V] {
	in, f := inputSpec[V](nil), fold[V]{}
	in.Bootstrap = true
	for _, o := range opts {
		o.tableOption(&in, &f)
	}
	rows := op.Fold[V, V]{
		Name: "latest", Step: func(_, v V, _ bool) V { return v },
		Serde: f.serde, Older: f.older, TTL: f.ttl, Mortal: f.mortal,
	}
	return Table[K, V]{a, op.TopicTable[K](&a.pipeline, topic, in, rows)}
}
