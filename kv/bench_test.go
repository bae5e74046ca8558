package kv_test

import (
	"encoding/binary"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/kvtest"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream/serde"
)

func BenchmarkMemory(b *testing.B) {
	kvtest.Benchmark(b, func(*testing.B) kv.Engine { return memory.New(0) })
}

// BenchmarkUpsert measures counting a record in the cache.
func BenchmarkUpsert(b *testing.B) {
	for _, kind := range []string{"Values", "Windows"} {
		b.Run(kind, func(b *testing.B) {
			s := openState(b)
			number, _ := serde.For[int64]()
			upsert := kv.NewValues(s, 0, number).Upsert
			if kind == "Windows" {
				w, err := kv.NewWindows(s, 1, number)
				if err != nil {
					b.Fatal(err)
				}
				upsert = func(key []byte) (*int64, bool, error) { return w.Upsert(60_000, key) }
			}
			b.ReportAllocs()
			key := make([]byte, 16)
			for i := uint64(0); b.Loop(); i++ {
				binary.BigEndian.PutUint64(key, i*0x9e3779b97f4a7c15%20_000)
				v, _, err := upsert(key)
				if err != nil {
					b.Fatal(err)
				}
				*v++
			}
		})
	}
}

func openState(t testing.TB) *kv.State {
	t.Helper()
	stores := []string{"values", "windows"}
	db, err := memory.New(0).Open("", stores)
	if err != nil {
		t.Fatal(err)
	}
	s := kv.NewState(db, stores, &kv.Budget{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
