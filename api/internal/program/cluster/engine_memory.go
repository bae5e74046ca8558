//go:build !rocksdb

package cluster

import (
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
)

// DescribeState says where the state of a run is, for its first lines.
func DescribeState(string) string {
	return "state in memory, restored from the changelog: build with -tags rocksdb to keep it in RocksDB"
}

// NewEngine makes the engine that keeps the stores, in at most so many bytes.
func NewEngine(bytes int64, _ int) (kv.Engine, error) { return memory.New(bytes), nil }
