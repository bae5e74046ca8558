package op

import (
	"github.com/gretestream/grete/api/internal/flow"
)

// PortChanges is an output port of a table that has its changes as a stream. The main
// port has its rows; see [flow.Rows]. As a stream the main port has the new values: a
// deleted row sends nothing there.
const PortChanges = "changes"

// emitRows are the output ports of an operator that is a table.
func emitRows[V any]() []flow.Port {
	return []flow.Port{flow.EmitRows[V](), flow.Emit[Change[V]](PortChanges)}
}

// A rowsOut sends what becomes of the rows of a table to all that read it.
type rowsOut[V any] struct {
	value  flow.Push[V]         // nil: nothing reads the new values
	row    flow.Push[*V]        // nil: nothing reads the rows
	change flow.Push[Change[V]] // nil: nothing reads Old

	// next is a copy of the new value: readers may use the table's store, which may move
	// the values in it.
	next V
}

func newRowsOut[V any](b *flow.Builder) rowsOut[V] {
	rows := flow.DownRows[V](b)
	o := rowsOut[V]{value: rows.Value, row: rows.New, change: rows.Change}
	if b.Needed(PortChanges) {
		o.change = flow.Both(o.change, flow.Down[Change[V]](b, PortChanges))
	}
	return o
}

// set sends the new value of a row. old is its value before, nil if there was none; it is
// used only if something reads changes.
func (o *rowsOut[V]) set(old, v *V) error {
	if o.row == nil && o.change == nil {
		if o.value == nil {
			return nil
		}
		return o.value(*v)
	}
	o.next = *v
	if o.value != nil {
		if err := o.value(o.next); err != nil {
			return err
		}
	}
	return o.tell(Change[V]{Old: old, New: &o.next})
}

// deleted sends that a row is gone. old is its last value.
func (o *rowsOut[V]) deleted(old *V) error { return o.tell(Change[V]{Old: old}) }

func (o *rowsOut[V]) tell(c Change[V]) error {
	if o.row != nil {
		if err := o.row(c.New); err != nil {
			return err
		}
	}
	if o.change != nil {
		return o.change(c)
	}
	return nil
}
