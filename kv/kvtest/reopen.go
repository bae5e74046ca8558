package kvtest

import (
	"testing"

	"github.com/gretestream/grete/kv"
)

// testReopen expects that a durable engine keeps everything over a clean close, and
// another one nothing.
func testReopen(t *testing.T, e kv.Engine) {
	dir := t.TempDir()
	d := open(t, e, dir, "a")
	write(t, d, func(b *kv.Batch) {
		b.Put(0, []byte("k"), []byte("v"))
		b.SetMeta([]byte("m"))
	})
	shut(t, d)
	d = open(t, e, dir, "a")
	m, err := d.Meta()
	if err != nil {
		t.Fatal(err)
	}
	if !e.Durable() {
		if expect(t, d, 0, ""); m != nil {
			t.Errorf("the meta record survived: %q", m)
		}
		return
	}
	if expect(t, d, 0, "k=v "); string(m) != "m" {
		t.Errorf("the meta record is %q", m)
	}
}

// testStoresChange opens a database with other stores, in another order.
func testStoresChange(t *testing.T, e kv.Engine) {
	dir := t.TempDir()
	d := open(t, e, dir, "a", "b")
	write(t, d, func(b *kv.Batch) {
		b.Put(0, []byte("in"), []byte("a"))
		b.Put(1, []byte("in"), []byte("b"))
		b.SetMeta([]byte("m"))
	})
	shut(t, d)
	d = open(t, e, dir, "c", "b")
	expect(t, d, 0, "")
	expect(t, d, 1, "in=b ")
	put(t, d, 0, "in", "c")
	shut(t, d)
	d = open(t, e, dir, "b", "a", "c")
	expect(t, d, 0, "in=b ")
	expect(t, d, 1, "")
	expect(t, d, 2, "in=c ")
}

// testWithoutMeta expects that a database without a meta record opens empty.
func testWithoutMeta(t *testing.T, e kv.Engine) {
	dir := t.TempDir()
	d := open(t, e, dir, "a")
	put(t, d, 0, "k", "v")
	shut(t, d)
	d = open(t, e, dir, "a")
	expect(t, d, 0, "")
	write(t, d, func(b *kv.Batch) {
		b.Put(0, []byte("k"), []byte("w"))
		b.SetMeta([]byte("m"))
	})
	expect(t, d, 0, "k=w ")
}
