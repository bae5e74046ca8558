package flow

// A Change is what became of a row of a table. Old is nil if there was none, New if there
// is none any more. Both are to read only, and valid until Push returns. Old never shares
// memory with New.
type Change[V any] struct{ Old, New *V }

// Rows is what takes the changes of a table's rows, under the key of the scope. A reader
// sets one of the functions. It sets none if it only looks rows up ([TableAt]).
type Rows[V any] struct {
	// Value takes each new value. It hears of no deletion.
	Value Push[V]
	// New takes each new value; nil if the row was deleted. The pointer is to read only, and
	// valid until the call returns.
	New Push[*V]
	// Change takes the value before, too. A table takes it only if somebody reads it, as that
	// may cost a copy of each value.
	Change Push[Change[V]]
}

// Read reports whether anything is read.
func (r *Rows[V]) Read() bool { return r.Value != nil || r.New != nil || r.Change != nil }

// EmitRows is the main output port of a table. Its readers take its rows ([TakeRows]), or
// its new values as a stream ([Take]).
func EmitRows[V any]() Port { return Port{fan: fanRows[V]} }

// TakeRows registers what takes the rows of a table at an input port.
func TakeRows[V any](b *Builder, port string, rows Rows[V]) { b.takes[port] = rows }

// DownRows returns what takes the rows of a table. A function that no reader has set is
// nil.
func DownRows[V any](b *Builder) Rows[V] { return b.downs[""].(Rows[V]) }

// fanRows makes one of all readers of a table.
func fanRows[V any](downs []any) any {
	var all Rows[V]
	for _, down := range downs {
		rows, ok := down.(Rows[V])
		if !ok {
			rows.Value = down.(Push[V])
		}
		all.Value = Both(all.Value, rows.Value)
		all.New = Both(all.New, rows.New)
		all.Change = Both(all.Change, rows.Change)
	}
	return all
}
