//go:build rocksdb

package rocksdb

import (
	"bytes"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// Reader returns a reader. RocksDB allows reads beside its writer: an operation sees a
// batch as a whole or not at all.
func (d *database) Reader() kv.Reader { return reader{d} }

// A reader uses nothing of the database but C's handles, which stay open while it holds
// the lock.
type reader struct{ db *database }

// enter must be followed by db.reads.RUnlock, unless it returns an error.
func (r reader) enter() error {
	r.db.reads.RLock()
	if r.db.closed {
		r.db.reads.RUnlock()
		return stream.ErrClosed
	}
	return nil
}

func (r reader) family(store int) *grocksdb.ColumnFamilyHandle { return r.db.handles[store+1] }

func (r reader) Get(store int, key, dst []byte) ([]byte, bool, error) {
	if err := r.enter(); err != nil {
		return dst, false, err
	}
	defer r.db.reads.RUnlock()
	return r.db.appendValue(dst, r.family(store), key)
}

func (r reader) Range(store int, from, to []byte, f func(key, value []byte) bool) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.db.reads.RUnlock()
	it := r.db.db.NewIteratorCF(r.db.engine.read, r.family(store))
	defer it.Close()
	for it.Seek(from); it.Valid(); it.Next() {
		key := it.Key().Data()
		if to != nil && bytes.Compare(key, to) >= 0 || !f(key, it.Value().Data()) {
			return nil
		}
	}
	if err := it.Err(); err != nil {
		return r.db.failed("reading", err)
	}
	return nil
}

func (r reader) Stats(store int) (kv.Stats, error) {
	if err := r.enter(); err != nil {
		return kv.Stats{}, err
	}
	defer r.db.reads.RUnlock()
	family := r.family(store)
	return kv.Stats{
		DiskBytes:   r.db.property("rocksdb.total-sst-files-size", family),
		MemoryBytes: r.db.property("rocksdb.cur-size-all-mem-tables", family),
		Keys:        r.db.property("rocksdb.estimate-num-keys", family),
	}, nil
}
