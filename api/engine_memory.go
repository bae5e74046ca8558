//go:build !rocksdb

package api

import (
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
)

// stateNote says in the first lines of a run where its state is.
func stateNote(string) string {
	return "state in memory, restored from the changelog: build with -tags rocksdb to keep it in RocksDB"
}

// newEngine makes what keeps the stores, in at most so many bytes.
func newEngine(bytes int64) (kv.Engine, error) { return memory.New(bytes), nil }
