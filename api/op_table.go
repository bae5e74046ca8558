package api

import (
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/scheduler"
)

const kindTable scheduler.Kind = "table"

// foldTable records a table that is computed from a stream. step makes a key's
// next value of its last one and the record; existed is false for its first
// record.
func foldTable[K comparable, M, A any](s KeyedStream[K, M], name, how string, step func(a A, m M, existed bool) A) Table[K, A] {
	keys, keyName := s.app.serdes.For[K]()
	values, valueName := s.app.serdes.For[A]()
	n := tableNode(s, name, how, scheduler.StoreSpec{
		Layout: "values", Key: keyName, Value: valueName, KeyShape: shapeOf(keys, keyName), ValueShape: shapeOf(values, valueName),
	})
	id := record[A](s.app, node{
		Node: n,
		attach: func(b *builder, down any) (any, error) {
			store, err := b.task.Store(b.id, 0)
			if err != nil {
				return nil, err
			}
			op := &tableOperator[M, A]{task: b.task, scope: b.scope, id: b.id, step: step, down: down.(push[A]),
				values: kv.NewValues(b.task.State, store, values)}
			return push[M](op.push), nil
		},
	})
	return Table[K, A]{s.app, id}
}

// A tableOperator keeps a value for each key and sends each new one on.
type tableOperator[M, A any] struct {
	task   *container.Task
	scope  *scope
	id     int
	step   func(A, M, bool) A
	values *kv.Values[A]
	down   push[A]
}

func (t *tableOperator[M, A]) push(m M) error {
	t.scope.operator = t.id
	v, existed, err := t.values.Upsert(t.scope.key)
	if err != nil {
		return err
	}
	t.task.Changed()
	*v = t.step(*v, m, existed)
	return t.down(*v)
}
