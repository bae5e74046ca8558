//go:build rocksdb

package rocksdb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
)

func open(t *testing.T, o Options, stores ...string) (*Engine, *database) {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := e.Open(t.TempDir(), stores)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, d.(*database)
}

func write(t *testing.T, d kv.Database, fill func(b *kv.Batch)) {
	t.Helper()
	b := d.NewBatch()
	fill(b)
	if err := d.Write(b); err != nil {
		t.Fatal(err)
	}
}

// A flush flushes all column families: otherwise a kill would tear them apart.
func TestFlush_AllFamilies(t *testing.T) {
	_, d := open(t, Options{}, "a", "b")
	write(t, d, func(b *kv.Batch) {
		b.Put(0, []byte("k"), nil)
		b.Put(1, []byte("k"), nil)
		b.SetMeta([]byte("m"))
	})
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	<-d.flush.done
	for i, h := range d.handles {
		if n, _ := d.db.GetIntPropertyCF("rocksdb.num-entries-active-mem-table", h); n != 0 {
			t.Errorf("family %d has %d entries that aren't flushed", i, n)
		}
	}
}

// A range that ends before the first key has no entries, and deletes no file.
func TestDeleteRange_EmptyDeletesNoFile(t *testing.T) {
	for _, to := range []string{"", "\x00"} {
		_, d := open(t, Options{}, "a")
		write(t, d, func(b *kv.Batch) { b.Put(0, []byte("k"), []byte("v")) })
		d.flushFamilies()
		// Files that have just been flushed are left alone by what deletes files.
		o := grocksdb.NewCompactRangeOptions()
		o.SetBottommostLevelCompaction(grocksdb.KForce)
		o.SetChangeLevel(true)
		o.SetTargetLevel(6)
		d.db.CompactRangeCFOpt(d.handles[1], grocksdb.Range{}, o)
		o.Destroy()
		write(t, d, func(b *kv.Batch) { b.DeleteRange(0, nil, []byte(to)) })
		for range 2 { // the second reaps the first
			if err := d.Flush(); err != nil {
				t.Fatal(err)
			}
			<-d.flush.done
		}
		if _, found, err := d.Get(0, []byte("k")); !found || err != nil {
			t.Errorf("the range up to %q took a key with it: %v", to, err)
		}
	}
}

// The write buffers of all databases together stay near the bound, and a small one isn't
// flushed because of a large one.
func TestWriteBuffers_Bounded(t *testing.T) {
	const limit = 4 << 20
	e, err := New(Options{WriteBufferBytes: limit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	var all []*database
	for range 4 {
		d, err := e.Open(t.TempDir(), []string{"s"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		all = append(all, d.(*database))
	}
	write(t, all[0], func(b *kv.Batch) { b.Put(0, []byte("small"), nil) })
	for i := range 2000 {
		write(t, all[1+i%3], func(b *kv.Batch) {
			for j := range 20 {
				b.Put(0, fmt.Appendf(nil, "%d-%d", i, j), bytes.Repeat([]byte{byte(j)}, 200))
			}
		})
		var sum int64
		for _, d := range all {
			sum += d.Stats().MemoryBytes
		}
		if sum > limit {
			t.Fatalf("after %d writes %d bytes are in write buffers of %d", i, sum, limit)
		}
	}
	if all[0].flush.done != nil {
		t.Error("the small database was flushed")
	}
	if all[1].Stats().DiskBytes == 0 {
		t.Error("a large one wasn't")
	}
}

// Files whose entries were all deleted are deleted after the next flush, not before.
func TestDropped_FilesDeletedAfterFlush(t *testing.T) {
	_, d := open(t, Options{}, "s")
	random := rand.NewChaCha8([32]byte{})
	value := make([]byte, 100)
	for w := range 4 {
		write(t, d, func(b *kv.Batch) {
			for i := range 2000 {
				_, _ = random.Read(value)
				b.Put(0, fmt.Appendf(nil, "%d-%06d", w, i), value)
			}
		})
		d.flushFamilies()
		// Time does that too: the file leaves level 0, whose files aren't looked at.
		d.db.CompactRangeCF(d.handles[1], grocksdb.Range{})
	}
	before := tables(t, d)
	write(t, d, func(b *kv.Batch) { b.DeleteRange(0, []byte("0"), []byte("3")) })
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(d.dropped.sealed) != 1 {
		t.Fatalf("%d ranges wait for the flush", len(d.dropped.sealed))
	}
	<-d.flush.done
	d.reap()
	if after := tables(t, d); after > before/2 {
		t.Errorf("%d bytes of %d are left of a quarter", after, before)
	}
	n := 0
	it := d.Iterate(0, nil, nil)
	for it.Next() {
		n++
	}
	_ = it.Close()
	if n != 2000 {
		t.Errorf("%d entries of 2000 are left", n)
	}
}

func tables(t *testing.T, d *database) (n int64) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(d.dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}

// Entries that are put into a deleted range aren't deleted with its files.
func TestDropped_PutsRemain(t *testing.T) {
	_, d := open(t, Options{}, "a", "b")
	drop := func() {
		write(t, d, func(b *kv.Batch) { b.DeleteRange(0, []byte("c"), []byte("f")) })
	}
	put := func(store int, key string) {
		write(t, d, func(b *kv.Batch) { b.Put(store, []byte(key), nil) })
	}
	drop()
	put(0, "b")
	put(0, "f")
	put(1, "d")
	if d.dropped.unflushed() != 1 {
		t.Fatal("a put elsewhere made the range be forgotten")
	}
	put(0, "c")
	if d.dropped.unflushed() != 0 {
		t.Fatal("the range would be deleted with what was put into it")
	}
	write(t, d, func(b *kv.Batch) {
		b.DeleteRange(0, []byte("c"), []byte("f"))
		b.Put(0, []byte("d"), nil)
	})
	if d.dropped.unflushed() != 0 {
		t.Fatal("the range would be deleted with what the same batch put into it")
	}
}

func TestBefore_Key(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"", ""}, {"a\x00", "a"}, {"\x00", ""}, {"b", "a" + string(bytes.Repeat([]byte{0xff}, 16))},
	} {
		if got := before([]byte(c.key)); string(got) != c.want {
			t.Errorf("before %q comes %q, want %q", c.key, got, c.want)
		}
	}
}
