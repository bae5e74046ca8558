package kvtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// Run tests an engine. newEngine makes one and lets the test close it at its end.
func Run(t *testing.T, newEngine func(t *testing.T) kv.Engine) {
	for name, test := range map[string]func(*testing.T, kv.Engine){
		"Batch":           testBatch,
		"Order":           testOrder,
		"Ranges":          testRanges,
		"RangeThenPut":    testRangeThenPut,
		"EmptyKeys":       testEmptyKeys,
		"Meta":            testMeta,
		"Stores":          testStores,
		"Apart":           testApart,
		"Closed":          testClosed,
		"OpenIterator":    testOpenIterator,
		"Reopen":          testReopen,
		"WithoutMeta":     testWithoutMeta,
		"Stats":           testStats,
		"Model":           testModel,
		"Views":           testViews,
		"BatchIsReusable": testReuse,
		"Reader":          testReader,
		"ReadersBeside":   testReadersBeside,
		"ReaderAfter":     testReaderAfter,
	} {
		t.Run(name, func(t *testing.T) { test(t, newEngine(t)) })
	}
	if newEngine(t).Durable() {
		t.Run("StoresChange", func(t *testing.T) { testStoresChange(t, newEngine(t)) })
	}
	if _, ok := open(t, newEngine(t), t.TempDir()).(kv.Loader); ok {
		t.Run("Load", func(t *testing.T) { testLoad(t, newEngine(t)) })
	}
}

func open(t *testing.T, e kv.Engine, dir string, stores ...string) kv.Database {
	t.Helper()
	d, err := e.Open(dir, stores)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, d) })
	return d
}

func shut(t *testing.T, d kv.Database) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, d kv.Database, fill func(b *kv.Batch)) {
	t.Helper()
	b := d.NewBatch()
	fill(b)
	if err := d.Write(b); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, d kv.Database, store int, pairs ...string) {
	t.Helper()
	write(t, d, func(b *kv.Batch) {
		for i := 0; i < len(pairs); i += 2 {
			b.Put(store, []byte(pairs[i]), []byte(pairs[i+1]))
		}
	})
}

// dump returns the entries of a range as text.
func dump(t *testing.T, d kv.Database, store int, from, to []byte) string {
	t.Helper()
	var s string
	it := d.Iterate(store, from, to)
	for it.Next() {
		s += fmt.Sprintf("%s=%s ", it.Key(), it.Value())
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		t.Fatal(err)
	}
	return s
}

func expect(t *testing.T, d kv.Database, store int, want string) {
	t.Helper()
	if got := dump(t, d, store, nil, nil); got != want {
		t.Errorf("store %d holds %q, want %q", store, got, want)
	}
}

func expectGet(t *testing.T, d kv.Database, store int, key, want string, wantFound bool) {
	t.Helper()
	v, found, err := d.Get(store, []byte(key))
	if err != nil || found != wantFound || string(v) != want {
		t.Errorf("Get(%d, %q) = %q, %v, %v, want %q, %v", store, key, v, found, err, want, wantFound)
	}
}

func testBatch(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a", "b")
	write(t, d, func(b *kv.Batch) {
		b.Put(0, []byte("k"), []byte("1"))
		b.Put(0, []byte("k"), []byte("22"))
		b.Put(0, []byte("gone"), []byte("x"))
		b.Delete(0, []byte("gone"))
		b.Delete(0, []byte("never"))
		b.Put(1, []byte("k"), []byte("other"))
		b.SetMeta([]byte("m"))
	})
	expectGet(t, d, 0, "k", "22", true)
	expectGet(t, d, 0, "gone", "", false)
	expectGet(t, d, 1, "k", "other", true)
	write(t, d, func(*kv.Batch) {})
	put(t, d, 0, "k", "", "l", "3")
	expectGet(t, d, 0, "k", "", true)
	expect(t, d, 0, "k= l=3 ")
}

func testOrder(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	put(t, d, 0, "b", "2", "\xff\xff", "5", "a", "1", "ab", "1b", "\x00", "0", "c", "3")
	expect(t, d, 0, "\x00=0 a=1 ab=1b b=2 c=3 \xff\xff=5 ")
	for _, c := range []struct{ from, to, want string }{
		{"a", "b", "a=1 ab=1b "},
		{"aa", "c", "ab=1b b=2 "},
		{"b", "b", ""},
		{"c", "a", ""},
		{"d", "\xff", ""},
	} {
		if got := dump(t, d, 0, []byte(c.from), []byte(c.to)); got != c.want {
			t.Errorf("[%q, %q) is %q, want %q", c.from, c.to, got, c.want)
		}
	}
	if got := dump(t, d, 0, []byte("c"), nil); got != "c=3 \xff\xff=5 " {
		t.Errorf("from c to the end is %q", got)
	}
}

func testRanges(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a", "b")
	put(t, d, 0, "a", "1", "b", "2", "c", "3", "d", "4")
	put(t, d, 1, "b", "2")
	write(t, d, func(b *kv.Batch) { b.DeleteRange(0, []byte("b"), []byte("d")) })
	expect(t, d, 0, "a=1 d=4 ")
	expectGet(t, d, 0, "b", "", false)
	expect(t, d, 1, "b=2 ")
	write(t, d, func(b *kv.Batch) { b.DeleteRange(0, []byte("x"), []byte("z")) })
	expect(t, d, 0, "a=1 d=4 ")
}

func testRangeThenPut(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	put(t, d, 0, "a", "1", "b", "2")
	write(t, d, func(b *kv.Batch) {
		b.Put(0, []byte("aa"), []byte("lost"))
		b.DeleteRange(0, []byte("a"), []byte("z"))
		b.Put(0, []byte("b"), []byte("new"))
	})
	expect(t, d, 0, "b=new ")
}

func testEmptyKeys(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	put(t, d, 0, "", "empty", "a", "")
	expectGet(t, d, 0, "", "empty", true)
	expect(t, d, 0, "=empty a= ")
	write(t, d, func(b *kv.Batch) { b.Delete(0, nil) })
	expect(t, d, 0, "a= ")
}

func testMeta(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "default")
	if m, err := d.Meta(); m != nil || err != nil {
		t.Fatalf("a new database has the meta record %q, %v", m, err)
	}
	for _, want := range []string{"one", "", "three"} {
		write(t, d, func(b *kv.Batch) { b.SetMeta([]byte(want)) })
		if m, err := d.Meta(); m == nil || string(m) != want || err != nil {
			t.Errorf("the meta record is %q, %v, want %q", m, err, want)
		}
	}
	put(t, d, 0, kv.MetaKey, "a store's")
	if m, _ := d.Meta(); string(m) != "three" {
		t.Errorf("a store's key has become the meta record: %q", m)
	}
	expect(t, d, 0, kv.MetaKey+"=a store's ")
}

func testStores(t *testing.T, e kv.Engine) {
	names := make([]string, 200) // families take two bytes from 128
	for i := range names {
		names[i] = fmt.Sprintf("store-%d", i)
	}
	d := open(t, e, t.TempDir(), names...)
	write(t, d, func(b *kv.Batch) {
		for i := range names {
			b.Put(i, []byte("k"), fmt.Append(nil, i))
		}
	})
	for i := range names {
		expect(t, d, i, fmt.Sprintf("k=%d ", i))
	}
}

func testApart(t *testing.T, e kv.Engine) {
	a := open(t, e, t.TempDir(), "s")
	b := open(t, e, t.TempDir(), "s")
	put(t, a, 0, "k", "a")
	put(t, b, 0, "k", "b")
	expect(t, a, 0, "k=a ")
	expect(t, b, 0, "k=b ")
}

func testClosed(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	put(t, d, 0, "a", "1", "b", "2")
	it := d.Iterate(0, nil, nil)
	it.Next()
	b := d.NewBatch()
	b.Put(0, []byte("a"), []byte("2"))
	shut(t, d)
	if it.Next() || !errors.Is(it.Err(), stream.ErrClosed) {
		t.Errorf("an iterator goes on after Close: %v", it.Err())
	}
	shut(t, d)
	_, _, err := d.Get(0, []byte("a"))
	_, metaErr := d.Meta()
	after := d.Iterate(0, nil, nil)
	after.Next()
	for what, err := range map[string]error{
		"Get": err, "Meta": metaErr, "Write": d.Write(b), "Flush": d.Flush(), "Iterate": after.Err(),
	} {
		if !errors.Is(err, stream.ErrClosed) {
			t.Errorf("%s after Close returns %v, not ErrClosed", what, err)
		}
	}
	_ = d.Stats()
	if err := errors.Join(it.Close(), it.Close(), after.Close()); err != nil {
		t.Error(err)
	}
}

func testOpenIterator(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	put(t, d, 0, "a", "1", "b", "2")
	for range 3 {
		it := d.Iterate(0, nil, nil)
		it.Next()
	}
	shut(t, d) // an engine that leaks what was open would abort
}

func testReuse(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	b := d.NewBatch()
	for i := range 3 {
		b.Reset()
		b.Put(0, fmt.Append(nil, i), []byte("v"))
		b.DeleteRange(0, []byte("x"), []byte("y"))
		if err := d.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, d, 0, "0=v 1=v 2=v ")
}

func testStats(t *testing.T, e kv.Engine) {
	d := open(t, e, t.TempDir(), "a")
	write(t, d, func(b *kv.Batch) {
		for i := range 1000 {
			b.Put(0, fmt.Appendf(nil, "key-%d", i), make([]byte, 100))
		}
	})
	s := d.Stats()
	if s.Keys != 1000 || s.MemoryBytes+s.DiskBytes < 1000 {
		t.Errorf("the sizes of 1000 keys of 100 bytes are %+v", s)
	}
}
