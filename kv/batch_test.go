package kv_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/gretestream/grete/kv"
)

// operations returns the operations of a batch as text.
func operations(t *testing.T, encoded []byte) (ops []string) {
	t.Helper()
	err := kv.ReadBatch(encoded, func(kind kv.OpKind, family uint32, a, b []byte) error {
		ops = append(ops, fmt.Sprintf("%#x %d %q %q", byte(kind), family, a, b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

// RocksDB takes these bytes without further checks.
func TestBatch_Format(t *testing.T) {
	b := kv.NewBatch([]uint32{3, 300})
	b.Put(0, []byte("k"), []byte("value"))
	b.Delete(1, []byte("k"))
	b.DeleteRange(0, []byte("a"), []byte("z"))
	b.SetMeta([]byte("m"))
	want := "\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00" +
		"\x05\x03\x01k\x05value" + "\x04\xac\x02\x01k" + "\x0e\x03\x01a\x01z" + "\x01\x04meta\x01m"
	if got := string(b.Encoded()); got != want {
		t.Errorf("encoded %q, want %q", got, want)
	}
	if r := b.Ranges(); len(r) != 1 || r[0].Store != 0 || string(r[0].From) != "a" || string(r[0].To) != "z" {
		t.Errorf("the ranges are %v", r)
	}
	ops := operations(t, b.Encoded())
	if want := []string{`0x5 3 "k" "value"`, `0x4 300 "k" ""`, `0xe 3 "a" "z"`, `0x1 0 "meta" "m"`}; !slices.Equal(ops, want) {
		t.Errorf("read %q, want %q", ops, want)
	}
	b.Reset()
	if b.Len() != 0 || len(b.Ranges()) != 0 || len(operations(t, b.Encoded())) != 0 {
		t.Error("something is left after Reset")
	}
}

// Whatever the bytes, ReadBatch returns an error or has read the operations of an equal
// batch.
func FuzzReadBatch(f *testing.F) {
	b := kv.NewBatch([]uint32{1, 200})
	f.Add(b.Encoded())
	b.Put(0, []byte("key"), bytes.Repeat([]byte("v"), 200))
	b.Delete(1, nil)
	b.DeleteRange(1, []byte("a"), []byte("b"))
	b.SetMeta([]byte("meta"))
	f.Add(bytes.Clone(b.Encoded()))
	f.Add(b.Encoded()[:20])
	f.Fuzz(func(t *testing.T, encoded []byte) {
		again := kv.NewBatch(nil)
		if err := kv.ReadBatch(encoded, copyTo(&again)); err != nil {
			return
		}
		if !slices.Equal(operations(t, again.Encoded()), operations(t, encoded)) {
			t.Fatalf("%q and %q differ", again.Encoded(), encoded)
		}
	})
}

// copyTo makes a batch of the operations of another. Each family becomes a store.
func copyTo(b **kv.Batch) func(kv.OpKind, uint32, []byte, []byte) error {
	var families []uint32
	var ops []func(*kv.Batch)
	return func(kind kv.OpKind, family uint32, k, v []byte) error {
		store := len(families)
		families = append(families, family)
		switch kind {
		case kv.OpPut:
			ops = append(ops, func(b *kv.Batch) { b.Put(store, k, v) })
		case kv.OpDelete:
			ops = append(ops, func(b *kv.Batch) { b.Delete(store, k) })
		case kv.OpDeleteRange:
			ops = append(ops, func(b *kv.Batch) { b.DeleteRange(store, k, v) })
		case kv.OpMeta:
			if string(k) != kv.MetaKey {
				return fmt.Errorf("another key of the default family")
			}
			ops = append(ops, func(b *kv.Batch) { b.SetMeta(v) })
		}
		*b = kv.NewBatch(families)
		for _, op := range ops {
			op(*b)
		}
		return nil
	}
}
