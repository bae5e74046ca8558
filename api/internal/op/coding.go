package op

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// A coding is how the values of a type are encoded, and what the plan says of it.
type coding[M any] struct {
	serde.Serde[M]
	name  string
	shape *shape.Shape
}

// codingOf returns the coding by a user's serde; if that is nil, by the one that
// goes with the type.
func codingOf[M any](p *flow.Pipeline, given serde.Serde[M]) coding[M] {
	if given != nil {
		name := p.Serdes.Add(given)
		return coding[M]{given, name, shape.Custom(name, given)}
	}
	s, name := p.Serdes.For[M]()
	if _, standard := serde.For[M](); name != standard { // it can't be looked into
		return coding[M]{s, name, shape.Custom(name, s)}
	}
	return coding[M]{s, name, p.ShapeOf[M]()}
}

func keyError(key []byte, err error) error {
	return fmt.Errorf("can't decode the record's key %q: %w", key, err)
}

// storeSpec describes a store for the plan, by its layout. A node's only store
// needs no name.
func storeSpec[K, V any](name, layout string, keys coding[K], values coding[V]) scheduler.StoreSpec {
	return scheduler.StoreSpec{Name: name, Layout: layout, Key: keys.name, KeyShape: keys.shape, Value: values.name, ValueShape: values.shape}
}
