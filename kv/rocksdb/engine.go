//go:build rocksdb

package rocksdb

import (
	"fmt"
	"sync"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb/internal/malloc"
)

// An Engine opens databases, which share one block cache and one bound of unflushed
// writes.
type Engine struct {
	cache *grocksdb.Cache
	table *grocksdb.BlockBasedTableOptions
	opts  *grocksdb.Options
	read  *grocksdb.ReadOptions
	write *grocksdb.WriteOptions

	buffers buffers

	mu     sync.Mutex
	open   int
	closed bool
}

var _ kv.Engine = (*Engine)(nil)

// New returns an engine. A process should have one.
func New(o Options) (*Engine, error) {
	if o.CacheBytes < 0 || o.WriteBufferBytes < 0 {
		return nil, fmt.Errorf("rocksdb: a cache of %d and write buffers of %d bytes: neither may be negative", o.CacheBytes, o.WriteBufferBytes)
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.WriteBufferBytes == 0 {
		o.WriteBufferBytes = defaultWriteBufferBytes
	}
	if o.OpenFiles == 0 {
		o.OpenFiles = defaultOpenFiles
	}
	malloc.BoundArenas()
	e := &Engine{cache: grocksdb.NewLRUCache(uint64(o.CacheBytes))}
	e.table = tableOptions(e.cache)
	e.opts = databaseOptions(e.table, o)
	e.read = grocksdb.NewDefaultReadOptions()
	e.write = grocksdb.NewDefaultWriteOptions()
	e.write.DisableWAL(true)
	e.buffers.limit = o.WriteBufferBytes
	return e, nil
}

// Name returns "rocksdb".
func (e *Engine) Name() string { return "rocksdb" }

// Durable returns true.
func (e *Engine) Durable() bool { return true }

// Close frees the memory that databases share. They must be closed before.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	if e.open > 0 {
		return fmt.Errorf("rocksdb: %d databases are still open", e.open)
	}
	e.closed = true
	e.write.Destroy()
	e.read.Destroy()
	e.opts.Destroy()
	e.table.Destroy()
	e.cache.Destroy()
	return nil
}
