//go:build rocksdb

package rocksdb_test

import (
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/kvtest"
	"github.com/gretestream/grete/kv/rocksdb"
)

func newEngine(t testing.TB, o rocksdb.Options) *rocksdb.Engine {
	t.Helper()
	e, err := rocksdb.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestEngine_Conformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine { return newEngine(t, rocksdb.Options{}) })
}

// Such a small write buffer flushes at each batch.
func TestEngine_ConformanceWithSmallBuffers(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine {
		return newEngine(t, rocksdb.Options{CacheBytes: 1 << 16, WriteBufferBytes: 1})
	})
}
