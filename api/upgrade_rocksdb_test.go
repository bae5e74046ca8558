//go:build rocksdb

package api_test

import (
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
)

func TestUpgrade_RocksDB(t *testing.T) {
	testUpgrade(t, func(t *testing.T) kv.Engine {
		engine, err := rocksdb.New(rocksdb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return engine
	})
}
