package memory

import (
	"bytes"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/internal/order"
	"github.com/gretestream/grete/stream"
)

func (d *database) Iterate(store int, from, to []byte) kv.Iterator {
	if d.closed {
		return &iterator{db: d}
	}
	return &iterator{db: d, cursor: d.stores[store].Seek(from), to: to, open: true}
}

type iterator struct {
	db     *database
	cursor order.Cursor[[]byte]
	to     []byte
	open   bool
}

func (it *iterator) Next() bool {
	if !it.open || it.db.closed {
		return false
	}
	it.open = it.cursor.Next() && (it.to == nil || bytes.Compare(it.cursor.Key(), it.to) < 0)
	return it.open
}

func (it *iterator) Key() []byte   { return it.cursor.Key() }
func (it *iterator) Value() []byte { return it.cursor.Value() }

func (it *iterator) Err() error {
	if it.db.closed {
		return stream.ErrClosed
	}
	return nil
}

func (it *iterator) Close() error {
	it.open = false
	return nil
}
