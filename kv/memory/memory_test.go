package memory_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/kvtest"
	"github.com/gretestream/grete/kv/memory"
)

func TestEngine_Conformance(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Engine { return memory.New(0) })
}

// A write that doesn't fit changes nothing. Deleting and closing makes room again, for
// other databases, too.
func TestWrite_RefusedBeyondLimit(t *testing.T) {
	e := memory.New(10_000)
	a, b := open(t, e), open(t, e)
	if err := put(a, "one", 4000); err != nil {
		t.Fatal(err)
	}
	if err := put(b, "two", 4000); err != nil {
		t.Fatal(err)
	}
	if err := put(b, "three", 4000); !errors.Is(err, kv.ErrMemoryBudget) {
		t.Fatalf("12,000 bytes in 10,000: %v", err)
	}
	if _, found, _ := b.Get(0, []byte("three")); found {
		t.Fatal("half of a refused batch was applied")
	}
	if err := put(b, "two", 5000); err != nil {
		t.Fatalf("a value that is replaced counts twice: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := put(b, "three", 4000); err != nil {
		t.Fatalf("a closed database takes room: %v", err)
	}
}

func TestWrite_MalformedBatch(t *testing.T) {
	d := open(t, memory.New(0))
	b := kv.NewBatch([]uint32{7})
	b.Put(0, []byte("k"), nil)
	if err := d.Write(b); err == nil {
		t.Fatal("a batch for another database was applied")
	}
}

func open(t *testing.T, e kv.Engine) kv.Database {
	t.Helper()
	d, err := e.Open("", []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(d kv.Database, key string, size int) error {
	b := d.NewBatch()
	b.Put(0, []byte(key), bytes.Repeat([]byte{'x'}, size))
	return d.Write(b)
}

func BenchmarkWrite(b *testing.B) {
	d, err := memory.New(0).Open("", []string{"s"})
	if err != nil {
		b.Fatal(err)
	}
	batch := d.NewBatch()
	key := []byte("key-00000")
	b.ReportAllocs()
	for i := range b.N {
		for j, n := len(key)-1, i*7919%100_000; j >= 4; j, n = j-1, n/10 {
			key[j] = byte('0' + n%10)
		}
		batch.Put(0, key, key[:8])
		if batch.Len() == 1000 {
			if err := d.Write(batch); err != nil {
				b.Fatal(err)
			}
			batch.Reset()
		}
	}
}
