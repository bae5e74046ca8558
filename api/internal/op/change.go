package op

import (
	"reflect"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// A Change is what became of a row of a table.
type Change[V any] = flow.Change[V]

// Changes records an operator that makes a value of each change of a table.
func Changes[V, R any](p *flow.Pipeline, table scheduler.Edge, f func(Change[V]) R) scheduler.Edge {
	table.Port = PortChanges
	return Map(p, table, f)
}

// An oldValue keeps the value that a row had before it is changed. It is taken only
// if something reads the changes of the table.
type oldValue[V any] struct {
	read   bool // something reads changes
	copies copier[V]
	value  V
}

func newOldValue[V any](out *rowsOut[V], s serde.Serde[V]) oldValue[V] {
	return oldValue[V]{read: out.change != nil, copies: newCopier(s)}
}

// take takes the value before it is changed.
func (o *oldValue[V]) take(v *V) (err error) {
	if o.read {
		o.value, err = o.copies.of(v)
	}
	return err
}

// A copier copies values that a fold may change in place. A value with memory of its own
// is encoded and decoded.
type copier[V any] struct {
	plain bool // a copy of a value shares no memory with it
	serde serde.Serde[V]
	bytes []byte
}

func newCopier[V any](s serde.Serde[V]) copier[V] {
	return copier[V]{plain: isPlain(reflect.TypeFor[V]()), serde: s}
}

func (c *copier[V]) of(v *V) (copied V, err error) {
	if c.plain {
		return *v, nil
	}
	if c.bytes, err = c.serde.Append(c.bytes[:0], *v); err == nil {
		copied, err = c.serde.Parse(c.bytes)
	}
	return copied, err
}

// isPlain reports whether values of a type hold no memory of their own that can
// change: strings can't.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return isPlain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !isPlain(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return t.Kind() <= reflect.Complex128 || t.Kind() == reflect.String
}
