package api

import (
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
)

// A GroupedTable is the rows of a table by group; see [Table.GroupBy].
type GroupedTable[K comparable, V any] struct {
	app  *App
	edge scheduler.Edge
}

// GroupBy groups the rows of the table by key(k, v), which must be a pure function. The
// rows are sent through a topic of its own, so that those of one group meet in one task.
//
// The tables that are made of the groups are exact: a row that changes is taken out of its
// group and added with its new value, and a row that changes its group, or is deleted, leaves
// the one that it was in. A change within a group is one change of the group's value. A
// group whose last row goes is deleted.
//
// A row that moves from one group to another is for a moment in neither: the groups may be
// in different tasks.
func (t Table[K, V]) GroupBy[J comparable](name string, key func(K, V) J, opts ...RepartitionOption[V]) GroupedTable[J, V] {
	spec := op.RepartitionSpec[V]{Name: name}
	for _, o := range opts {
		o.apply(&spec)
	}
	return GroupedTable[J, V]{t.app, op.Group(&t.app.pipeline, t.edge, spec, key)}
}

// Count keeps the number of rows in each group.
func (g GroupedTable[K, V]) Count(name string) Table[K, int64] {
	return foldGroups(g, name, "count", func(n int64, _ V) int64 { return n + 1 }, func(n int64, _ V) int64 { return n - 1 }, nil)
}

// Sum keeps the sum of f over the rows of each group. Sums of floating-point numbers depend
// on the order in which rows come and go.
func (g GroupedTable[K, V]) Sum[N Number](name string, f func(V) N) Table[K, N] {
	return foldGroups(g, name, "sum", func(n N, v V) N { return n + f(v) }, func(n N, v V) N { return n - f(v) }, nil)
}

// Fold keeps a value for each group. It starts at the zero value. add returns it with a
// row added, and subtract with one taken out that was added before.
func (g GroupedTable[K, V]) Fold[A any](name string, add, subtract func(A, V) A, o ...FoldOption[A]) Table[K, A] {
	return foldGroups(g, name, "fold", add, subtract, o)
}

func foldGroups[K comparable, V, A any](g GroupedTable[K, V], name, kind string, add, subtract func(A, V) A, o []FoldOption[A]) Table[K, A] {
	fold := op.GroupFold[V, A]{Fold: folding[V](kind, nil, o), Add: add, Subtract: subtract}
	return Table[K, A]{g.app, op.GroupTable[K](&g.app.pipeline, g.edge, name, fold)}
}
