//go:build rocksdb

package rocksdb_test

import (
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/kvtest"
	"github.com/gretestream/grete/kv/rocksdb"
)

func BenchmarkRocksDB(b *testing.B) {
	kvtest.Benchmark(b, func(b *testing.B) kv.Engine { return newEngine(b, rocksdb.Options{}) })
}
