package op

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// What the packages below this one record and build operators with.

// A Coding is how the values of a type are encoded, and what the plan says of it.
type Coding[M any] = coding[M]

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
