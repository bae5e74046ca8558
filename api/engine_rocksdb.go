//go:build rocksdb

package api

import (
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
)

// stateNote is said in the first lines of a run.
const stateNote = "state is kept in RocksDB"

// newEngine opens what keeps the stores, with bytes for its caches and buffers.
func newEngine(bytes int64) (kv.Engine, error) {
	return rocksdb.New(rocksdb.Options{CacheBytes: bytes / 2, WriteBufferBytes: bytes / 2})
}
