//go:build rocksdb

package api_test

import (
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
)

func newBenchEngine(b *testing.B) kv.Engine {
	b.Helper()
	e, err := rocksdb.New(rocksdb.Options{CacheBytes: 48 << 20, WriteBufferBytes: 48 << 20})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	return e
}
