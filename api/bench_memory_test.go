//go:build !rocksdb

package api_test

import (
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
)

func newBenchEngine(*testing.B) kv.Engine { return memory.New(1 << 30) }
