package op

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// What the packages below this one record and build operators with.

// A Coding is how the values of a type are encoded, and what the plan says of it.
type Coding[M any] = coding[M]

// CodingOf returns the coding of values by a user's serde or, if that is nil, by the one that
// goes with the type.
func CodingOf[M any](p *flow.Pipeline, given serde.Serde[M]) Coding[M] { return codingOf(p, given) }

// KeysOf returns the coding of keys. what is the noun and name of the operator, for messages.
func KeysOf[K any](p *flow.Pipeline, what string) Coding[K] { return keysOf[K](p, what) }

// KeptOf returns the coding of values that are kept in a store, by a user's serde or, if
// that is nil, by the one that goes with the type.
func KeptOf[M any](p *flow.Pipeline, given serde.Serde[M], what string) Coding[M] {
	return keptOf(p, given, what)
}

// StoreSpec describes a store of a node for the plan, by its layout.
func StoreSpec[K, V any](p *flow.Pipeline, node, name, layout string, keys Coding[K], values Coding[V]) scheduler.StoreSpec {
	return storeSpec(p, node, name, layout, keys, values)
}

// StoredOf returns the serde of the values of a node's store i in a task.
func StoredOf[V any](b *flow.Builder, i int, c Coding[V]) (serde.Serde[V], error) {
	return storedOf(b, i, c)
}

// Values returns the coding of what a fold keeps.
func (f *Fold[M, A]) Values(p *flow.Pipeline, what string) Coding[A] { return f.values(p, what) }

// KeyError is the error of a record's key that can't be decoded.
func KeyError(key []byte, err error) error { return keyError(key, err) }

// A Copier copies values that a fold may change in place.
type Copier[V any] struct{ copier[V] }

// NewCopier returns a copier of values with a serde.
func NewCopier[V any](s serde.Serde[V]) Copier[V] { return Copier[V]{newCopier(s)} }

// Of returns a copy of a value, which shares no memory with it that can change.
func (c *Copier[V]) Of(v *V) (V, error) { return c.of(v) }
