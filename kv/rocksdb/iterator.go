//go:build rocksdb

package rocksdb

import (
	"bytes"
	"slices"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// Iterate compares with the end in Go: a bound of RocksDB would keep a pointer to Go's
// memory.
func (d *database) Iterate(store int, from, to []byte) kv.Iterator {
	if d.closed {
		return &iterator{err: stream.ErrClosed}
	}
	it := &iterator{db: d, from: from, to: to, it: d.db.NewIteratorCF(d.engine.read, d.handles[store+1])}
	d.iterators = append(d.iterators, it)
	return it
}

// An iterator is closed by its database at the latest. it is nil from then on.
type iterator struct {
	db       *database
	it       *grocksdb.Iterator
	from, to []byte
	key      []byte // of C's memory
	started  bool
	done     bool
	err      error
}

func (i *iterator) Next() bool {
	if i.it == nil {
		i.err = stream.ErrClosed
	}
	if i.done || i.err != nil {
		return false
	}
	if i.started {
		i.it.Next()
	} else {
		i.it.Seek(i.from)
		i.started = true
	}
	if !i.it.Valid() {
		i.done = true
		if err := i.it.Err(); err != nil {
			i.err = i.db.failed("reading", err)
		}
		return false
	}
	i.key = i.it.Key().Data()
	i.done = i.to != nil && bytes.Compare(i.key, i.to) >= 0
	return !i.done
}

func (i *iterator) Key() []byte { return i.key }

func (i *iterator) Value() []byte {
	if i.it == nil || !i.started || i.done {
		return nil
	}
	return i.it.Value().Data()
}

func (i *iterator) Err() error { return i.err }

func (i *iterator) Close() error {
	if i.it == nil {
		return nil
	}
	i.it.Close()
	i.it, i.key = nil, nil
	i.db.iterators = slices.DeleteFunc(i.db.iterators, func(o *iterator) bool { return o == i })
	return nil
}
