package layout

import (
	"encoding/json"

	"github.com/gretestream/grete/stream/serde"
)

// A Store is a store for readers without its types: its layout, and how its keys
// and values are shown.
type Store struct {
	Layout
	Key, Value serde.Text
	// Convert converts an encoded value of one form to that of the program; nil: there is
	// only one form.
	Convert serde.Converter
}

// Entry shows an entry as it stands in a database or changelog.
func (s *Store) Entry(stored, value []byte) (e Entry, err error) {
	key, err := s.show(&e, stored, value)
	if err != nil {
		return e, err
	}
	e.Key, e.KeyBase64 = serde.Show(s.Key, key)
	encoded, ok, err := s.Layout.Value(stored, value)
	if err != nil {
		return e, err
	}
	if !ok {
		e.Value = json.RawMessage("null")
		return e, nil
	}
	e.Value, e.ValueBase64 = serde.Show(s.Value, encoded)
	return e, nil
}

// IsEntry reports whether a stored key is that of an entry, and not of an index.
func (s *Store) IsEntry(stored []byte) bool {
	from, to := s.Entries()
	return string(stored) >= string(from) && (to == nil || string(stored) < string(to))
}
