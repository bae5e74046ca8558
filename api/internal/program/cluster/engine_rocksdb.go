//go:build rocksdb

package cluster

import (
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
)

// DescribeState says where the state of a run is, for its first lines.
func DescribeState(dir string) string { return "state in RocksDB, in " + dir }

// NewEngine opens the engine for so many databases, with bytes for its caches and buffers.
func NewEngine(bytes int64, databases int) (kv.Engine, error) {
	return rocksdb.New(rocksdb.Options{CacheBytes: bytes / 2, WriteBufferBytes: bytes / 2, OpenFiles: filesOf(openFileLimit(), databases)})
}
