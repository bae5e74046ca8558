//go:build rocksdb

package rocksdb

import (
	"sync"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// A database is a RocksDB database, with a column family for each store and one for the
// meta record. The WAL is off: writes that a kill loses are replayed from the changelog.
type database struct {
	engine   *Engine
	dir      string
	db       *grocksdb.DB
	handles  []*grocksdb.ColumnFamilyHandle // of the meta record, then of the stores
	families []uint32                       // ids, of the stores

	value     []byte // that Get returned
	iterators []*iterator
	buffer    *buffer
	flush     flush
	dropped   dropped
	loaded    bool // since the last flush began

	reads  sync.RWMutex // readers hold it to read, Close to set closed
	closed bool
}

func (d *database) NewBatch() *kv.Batch { return kv.NewBatch(d.families) }

func (d *database) Get(store int, key []byte) ([]byte, bool, error) {
	if d.closed {
		return nil, false, stream.ErrClosed
	}
	return d.get(d.handles[store+1], key)
}

func (d *database) Meta() ([]byte, error) {
	if d.closed {
		return nil, stream.ErrClosed
	}
	value, found, err := d.get(d.handles[0], []byte(kv.MetaKey))
	if !found || err != nil {
		return nil, err
	}
	return append([]byte{}, value...), nil
}

func (d *database) get(family *grocksdb.ColumnFamilyHandle, key []byte) ([]byte, bool, error) {
	value, found, err := d.appendValue(d.value[:0], family, key)
	if !found || err != nil {
		return nil, false, err
	}
	d.value = value
	return value, true, nil
}

// appendValue appends the value of a key to dst. Any goroutine may call it while the
// handles are open.
func (d *database) appendValue(dst []byte, family *grocksdb.ColumnFamilyHandle, key []byte) ([]byte, bool, error) {
	v, err := d.db.GetPinnedCF(d.engine.read, family, key)
	if err != nil {
		return dst, false, d.failed("reading", err)
	}
	defer v.Destroy()
	if !v.Exists() {
		return dst, false, nil
	}
	return append(dst, v.Data()...), true, nil
}

func (d *database) Write(b *kv.Batch) error {
	if d.closed {
		return stream.ErrClosed
	}
	if b.Len() == 0 {
		return nil
	}
	d.reap()
	if err := d.dropped.note(b, d.families); err != nil {
		return d.failed("writing", err)
	}
	batch := grocksdb.WriteBatchFrom(b.Encoded())
	defer batch.Destroy()
	if err := d.db.Write(d.engine.write, batch); err != nil {
		return d.failed("writing", err)
	}
	d.flushIfDue()
	return nil
}

func (d *database) failed(what string, err error) error {
	return &kv.DatabaseError{Dir: d.dir, Doing: what, Err: translate(err)}
}

// sum adds up a property of all column families.
func (d *database) sum(property string) (n int64) {
	for _, h := range d.handles {
		n += d.property(property, h)
	}
	return n
}

func (d *database) Stats() kv.Stats {
	if d.closed {
		return kv.Stats{}
	}
	s := kv.Stats{
		DiskBytes:   d.sum("rocksdb.total-sst-files-size"),
		MemoryBytes: d.sum("rocksdb.cur-size-all-mem-tables"),
	}
	for _, h := range d.handles[1:] {
		s.Keys += d.property("rocksdb.estimate-num-keys", h)
	}
	return s
}

func (d *database) property(name string, family *grocksdb.ColumnFamilyHandle) int64 {
	n, _ := d.db.GetIntPropertyCF(name, family)
	return int64(n)
}

// Properties returns the properties of the store's column family for metrics.
func (d *database) Properties(store int) []metrics.Property {
	if d.closed {
		return nil
	}
	var all []metrics.Property
	for _, name := range metrics.RocksDBProperties() {
		if n, ok := d.db.GetIntPropertyCF(name, d.handles[1+store]); ok {
			all = append(all, metrics.Property{Name: name, Value: float64(n)})
		}
	}
	return all
}

func (d *database) Close() error {
	if d.closed {
		return nil
	}
	for len(d.iterators) > 0 {
		_ = d.iterators[0].Close()
	}
	err := d.flushAll()
	d.reads.Lock()
	d.closed = true
	d.reads.Unlock()
	d.closeHandles()
	d.engine.release()
	return err
}

// closeHandles closes the database; the handles must go first.
func (d *database) closeHandles() {
	d.engine.buffers.remove(d.buffer)
	for _, h := range d.handles {
		h.Destroy()
	}
	d.db.Close()
}
