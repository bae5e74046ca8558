package window

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
)

// Collect returns an aggregate of all records, in order of event time, and of arrival among
// those of one time. Each record is an entry of its own, by key and event time. The value
// is their number.
func Collect[K comparable, M any]() Aggregate[K, M, int64, []M] {
	var elements op.Coding[M]
	return Aggregate[K, M, int64, []M]{
		Name: "collect", Merges: true,
		Elements: func(p *flow.Pipeline, node, what string, keys op.Coding[K]) []scheduler.StoreSpec {
			elements = op.KeptOf[M](p, nil, what)
			spec := op.StoreSpec(p, node, "elements", layout.NameTimes, keys, elements)
			spec.Params = map[string]string{layout.ParamSequence: "true"}
			return []scheduler.StoreSpec{spec}
		},
		Build: func(b *flow.Builder, store int) (Aggregator[M, int64, []M], error) {
			stored, err := op.StoredOf(b, store, elements)
			if err != nil {
				return nil, err
			}
			return &collected[M]{layout.NewTimes(b.Task.State, b.Store(store), true, stored)}, nil
		},
	}
}

type collected[M any] struct{ elements *layout.Times[M] }

// Add numbers the record by those that the window has: records of one time are in the same
// windows, so the last of these has one number for each.
func (c *collected[M]) Add(n *int64, _ bool, r *Added, m M) error {
	if r.First {
		v, _, err := c.elements.Upsert(r.Key, layout.At{Time: r.Time, Sequence: uint64(*n)})
		if err != nil {
			return err
		}
		*v = m
	}
	*n++
	return nil
}

func (c *collected[M]) Merge(a, b *int64) { *a += *b }

func (c *collected[M]) Result(n *int64, key []byte, from, to int64) ([]M, error) {
	all := make([]M, 0, *n)
	err := c.elements.Range(key, from, to, func(_ layout.At, m *M) (bool, error) {
		all = append(all, *m)
		return true, nil
	})
	return all, err
}

func (c *collected[M]) Forget(key []byte, from, to int64) error {
	return c.elements.DeleteRange(key, from, to)
}
