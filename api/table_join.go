package api

import "github.com/gretestream/grete/api/internal/op/join"

func (Table[K, V]) joinable(K, V) {}

// Join returns the table of f(v, o) for each key that has a row v in this table and a row o
// in the other one. A row changes, comes or goes as those do. The table has no store of its
// own: f is called with the old and the new rows of each change, and again when a row is
// looked up. So f must be a pure function, and must not change what it is given.
func (t Table[K, V]) Join[O, R any](name string, o Table[K, O], f func(V, O) R) Table[K, R] {
	if f == nil {
		return joinTables[K, V, O, R](t, name, join.Inner, o, nil)
	}
	return joinTables(t, name, join.Inner, o, func(v *V, o *O) R { return f(*v, *o) })
}

// LeftJoin is Join that also has a row for each key of this table alone: f(v, nil). What the
// pointer leads to is to read only, and valid until f returns.
func (t Table[K, V]) LeftJoin[O, R any](name string, o Table[K, O], f func(V, *O) R) Table[K, R] {
	if f == nil {
		return joinTables[K, V, O, R](t, name, join.Left, o, nil)
	}
	return joinTables(t, name, join.Left, o, func(v *V, o *O) R { return f(*v, o) })
}

// OuterJoin is Join that also has a row for each key of either table alone: f(v, nil) or
// f(nil, o). See [Table.LeftJoin].
func (t Table[K, V]) OuterJoin[O, R any](name string, o Table[K, O], f func(*V, *O) R) Table[K, R] {
	return joinTables(t, name, join.Outer, o, f)
}

func joinTables[K comparable, V, O, R any](t Table[K, V], name string, kind join.Kind, o Table[K, O], f func(*V, *O) R) Table[K, R] {
	p := &t.app.pipeline
	switch {
	case f == nil:
		p.Mistake("join %q: the function is missing", name)
	case o.app != t.app:
		p.Mistake("join %q: the tables belong to different apps", name)
	default:
		return Table[K, R]{t.app, join.Tables(p, t.edge, o.edge, name, kind, f)}
	}
	return Table[K, R](t)
}
