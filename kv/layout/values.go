package layout

import "github.com/gretestream/grete/kv"

// valuesLayout is that of [kv.Values]: the stored key is the record's.
type valuesLayout struct{}

func (valuesLayout) Args() []string             { return nil }
func (valuesLayout) numbered() bool             { return true }
func (valuesLayout) Derive() kv.Derive          { return nil }
func (valuesLayout) Entries() (from, to []byte) { return nil, nil }

func (valuesLayout) RecordKey(dst, stored []byte) ([]byte, error) { return append(dst, stored...), nil }

func (valuesLayout) Value(_, stored []byte) ([]byte, bool, error) { return stored, true, nil }

func (valuesLayout) Select(q Query) (*Selection, error) {
	if q.HasKey {
		return exact(q.Key, q.Key), nil
	}
	return &Selection{From: q.From, To: q.To}, nil
}

func (valuesLayout) show(_ *Entry, stored, _ []byte) ([]byte, error) { return stored, nil }
