//go:build rocksdb

package api

import (
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
)

// stateNote says in the first lines of a run where its state is.
func stateNote(dir string) string { return "state in RocksDB, in " + dir }

// newEngine opens what keeps the stores, with bytes for its caches and buffers.
func newEngine(bytes int64) (kv.Engine, error) {
	return rocksdb.New(rocksdb.Options{CacheBytes: bytes / 2, WriteBufferBytes: bytes / 2})
}
