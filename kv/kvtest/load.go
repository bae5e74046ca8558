package kvtest

import (
	"errors"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// load loads pairs of keys and values into a store; "-" removes a key.
func load(d kv.Database, store int, pairs ...string) (bool, error) {
	return d.(kv.Loader).Load(store, func(put kv.Put) error {
		for i := 0; i < len(pairs); i += 2 {
			value := []byte(pairs[i+1])
			if pairs[i+1] == "-" {
				value = nil
			}
			if err := put([]byte(pairs[i]), value); err != nil {
				return err
			}
		}
		return nil
	})
}

// testLoad expects that loaded entries replace those before them, whether those were
// loaded, written or flushed, and that later writes replace them.
func testLoad(t *testing.T, e kv.Engine) {
	dir := t.TempDir()
	d := open(t, e, dir, "a", "b")
	must := func(pairs ...string) {
		t.Helper()
		if ok, err := load(d, 0, pairs...); !ok || err != nil {
			t.Fatalf("loading: %v, %v", ok, err)
		}
	}
	must("", "empty", "b", "1", "c", "1", "d", "")
	expect(t, d, 0, "=empty b=1 c=1 d= ")
	must("a", "2", "b", "-", "c", "2", "never", "-")
	expect(t, d, 0, "=empty a=2 c=2 d= ")
	put(t, d, 0, "a", "3", "x", "3")
	put(t, d, 1, "a", "other")
	must("a", "4", "x", "-")
	expect(t, d, 0, "=empty a=4 c=2 d= ")
	write(t, d, func(b *kv.Batch) {
		b.Put(0, []byte("c"), []byte("5"))
		b.DeleteRange(0, []byte(""), []byte("a"))
		b.SetMeta([]byte("m"))
	})
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	must("", "6")
	must()
	want := "=6 a=4 c=5 d= "
	expect(t, d, 0, want)
	testFailedLoads(t, d)
	expect(t, d, 0, want)
	shut(t, d)
	d = open(t, e, dir, "a", "b")
	expect(t, d, 0, want)
	expect(t, d, 1, "a=other ")
	shut(t, d)
	if ok, err := load(d, 0, "a", "1"); ok || !errors.Is(err, stream.ErrClosed) {
		t.Errorf("a load after Close: %v, %v", ok, err)
	}
}

// testFailedLoads expects that failed loads leave nothing behind.
func testFailedLoads(t *testing.T, d kv.Database) {
	t.Helper()
	failure := errors.New("no more")
	ok, err := d.(kv.Loader).Load(0, func(put kv.Put) error {
		return errors.Join(put([]byte("a"), []byte("7")), failure)
	})
	if ok || !errors.Is(err, failure) {
		t.Errorf("a load that is given up: %v, %v", ok, err)
	}
	for _, pairs := range [][]string{{"b", "7", "a", "7"}, {"a", "7", "a", "8"}} {
		if ok, err := load(d, 0, pairs...); ok || err == nil {
			t.Errorf("%q, which aren't in order, are loaded: %v, %v", pairs, ok, err)
		}
	}
}
