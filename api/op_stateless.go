package api

import (
	"iter"

	"github.com/gretestream/grete/scheduler"
)

const (
	kindMap     scheduler.Kind = "map"
	kindFlatMap scheduler.Kind = "flatmap"
	kindFilter  scheduler.Kind = "filter"
	kindPeek    scheduler.Kind = "peek"
	kindMerge   scheduler.Kind = "merge"
)

// The operators that look at one record at a time. Each notes its node in the
// scope before it calls the user's function, so that a panic can name it.

func recordMap[M, R any](s Stream[M], f func(M) R) int {
	return record[R](s.app, node{
		Node: s.chained(kindMap, ""),
		attach: func(b *builder, down any) (any, error) {
			next, sc, id := down.(push[R]), b.scope, b.id
			return push[M](func(m M) error {
				sc.operator = id
				return next(f(m))
			}), nil
		},
	})
}

func recordMapWithKey[K comparable, M, R any](s KeyedStream[K, M], f func(K, M) R) int {
	keys, _ := s.app.serdes.For[K]()
	return record[R](s.app, node{
		Node: s.chained(kindMap, ""),
		attach: func(b *builder, down any) (any, error) {
			next, sc, id := down.(push[R]), b.scope, b.id
			return push[M](func(m M) error {
				sc.operator = id
				k, err := keys.Parse(sc.key)
				if err != nil {
					return keyError(sc.key, err)
				}
				return next(f(k, m))
			}), nil
		},
	})
}

func recordTryMap[M, R any](s Stream[M], name string, f func(M) (R, error), policies []ErrorPolicy) int {
	policy := Fail()
	for _, p := range policies {
		policy = p
	}
	return record[R](s.app, node{
		Node: s.chained(kindMap, name),
		attach: func(b *builder, down any) (any, error) {
			next, sc, id, counts := down.(push[R]), b.scope, b.id, b.task.Counts(name)
			return push[M](func(m M) error {
				sc.operator = id
				r, err := f(m)
				if err == nil {
					return next(r)
				}
				if policy.kind != policySkip {
					return err
				}
				counts.Skipped++
				return nil
			}), nil
		},
	})
}

func recordFlatMap[M, R any](s Stream[M], f func(M) iter.Seq[R]) int {
	return record[R](s.app, node{
		Node: s.chained(kindFlatMap, ""),
		attach: func(b *builder, down any) (any, error) {
			next, sc, id := down.(push[R]), b.scope, b.id
			return push[M](func(m M) error {
				sc.operator = id
				for r := range f(m) {
					if err := next(r); err != nil {
						return err
					}
					sc.operator = id
				}
				return nil
			}), nil
		},
	})
}

func recordFilter[M any](s Stream[M], f func(M) bool) int {
	return record[M](s.app, node{
		Node: s.chained(kindFilter, ""),
		attach: func(b *builder, down any) (any, error) {
			next, sc, id := down.(push[M]), b.scope, b.id
			return push[M](func(m M) error {
				sc.operator = id
				if !f(m) {
					return nil
				}
				return next(m)
			}), nil
		},
	})
}

func recordPeek[M any](s Stream[M], f func(M)) int {
	return record[M](s.app, node{
		Node: s.chained(kindPeek, ""),
		attach: func(b *builder, down any) (any, error) {
			next, sc, id := down.(push[M]), b.scope, b.id
			return push[M](func(m M) error {
				sc.operator = id
				f(m)
				return next(m)
			}), nil
		},
	})
}

func recordMerge[M any](a *App, from []scheduler.Edge) int {
	return record[M](a, node{
		Node:   scheduler.Node{Kind: kindMerge, From: from},
		attach: func(_ *builder, down any) (any, error) { return down, nil },
	})
}
