package window

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// Distinct returns an aggregate of the number of different values of f. Each is an entry of
// its own, with the windows that it is in. The value is their number, or unknown.
func Distinct[K comparable, M any, D comparable](f func(M) D) Aggregate[K, M, int64, int64] {
	var elements op.Coding[D]
	return Aggregate[K, M, int64, int64]{
		Name: "distinct", Merges: true,
		Elements: func(p *flow.Pipeline, node, what string, keys op.Coding[K]) []scheduler.StoreSpec {
			elements = op.KeysOf[D](p, what)
			return []scheduler.StoreSpec{op.StoreSpec(p, node, "elements", layout.NameMembers, keys, elements)}
		},
		Build: func(b *flow.Builder, store int) (Aggregator[M, int64, int64], error) {
			return &distinct[M, D]{f: f, serde: elements.Serde, members: layout.NewMembers(b.Task.State, b.Store(store))}, nil
		},
	}
}

// unknown is the number of different values after a merge, until it is asked for.
const unknown = -1

type distinct[M any, D comparable] struct {
	f       func(M) D
	serde   serde.Serde[D]
	members *layout.Members
	bytes   []byte
}

func (d *distinct[M, D]) Add(n *int64, _ bool, r *Added, m M) (err error) {
	if d.bytes, err = d.serde.Append(d.bytes[:0], d.f(m)); err != nil {
		return fmt.Errorf("encoding what is counted: %w", err)
	}
	has, err := d.members.Has(r.Key, d.bytes, r.From, r.To)
	if err != nil {
		return err
	}
	if !has && *n != unknown {
		*n++
	}
	if !r.First {
		return nil
	}
	// If this window has the value, others that the record is in may lack it.
	if has, err = d.members.Has(r.Key, d.bytes, r.At, r.Until); err != nil || has {
		return err
	}
	return d.members.Add(r.Key, d.bytes, r.At)
}

func (d *distinct[M, D]) Merge(n, _ *int64) { *n = unknown }

func (d *distinct[M, D]) Result(n *int64, key []byte, from, to int64) (count int64, err error) {
	if *n != unknown {
		return *n, nil
	}
	return d.members.Count(key, from, to)
}

func (d *distinct[M, D]) Forget(key []byte, from, to int64) error {
	return d.members.Forget(key, from, to)
}
