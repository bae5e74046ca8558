//go:build rocksdb

package rocksdb

import (
	"bytes"
	"slices"

	"github.com/gretestream/grete/kv"
)

// dropped are the deleted ranges whose files aren't deleted yet: files with nothing else.
// That must wait for the flush of the range's tombstone, since a kill in between would
// bring back the meta record from before it, but not the files. And it must not happen
// if something was put into the range since.
type dropped struct {
	fresh  []kv.Range // since the last flush began
	sealed []kv.Range // before it
}

func (d *dropped) unflushed() int { return len(d.fresh) }

// note is called with each batch before it is written.
func (d *dropped) note(b *kv.Batch, families []uint32) error {
	for _, r := range b.Ranges() {
		d.fresh = append(d.fresh, kv.Range{Store: r.Store, From: bytes.Clone(r.From), To: bytes.Clone(r.To)})
	}
	if len(d.fresh)+len(d.sealed) == 0 {
		return nil
	}
	return d.forgetPut(b, families)
}

// forgetPut leaves the ranges into which a batch puts something to compaction. That is
// rare: dropped ranges are past windows.
func (d *dropped) forgetPut(b *kv.Batch, families []uint32) error {
	return kv.ReadBatch(b.Encoded(), func(kind kv.OpKind, family uint32, key, _ []byte) error {
		if kind != kv.OpPut {
			return nil
		}
		in := func(r kv.Range) bool {
			return families[r.Store] == family && bytes.Compare(key, r.To) < 0 && bytes.Compare(key, r.From) >= 0
		}
		d.fresh = slices.DeleteFunc(d.fresh, in)
		d.sealed = slices.DeleteFunc(d.sealed, in)
		return nil
	})
}

// forget leaves the ranges of a store to compaction.
func (d *dropped) forget(store int) {
	of := func(r kv.Range) bool { return r.Store == store }
	d.fresh = slices.DeleteFunc(d.fresh, of)
	d.sealed = slices.DeleteFunc(d.sealed, of)
}

// seal is called when a flush begins.
func (d *dropped) seal() {
	d.sealed = append(d.sealed, d.fresh...)
	d.fresh = nil
}

// take returns the ranges whose tombstones are flushed.
func (d *dropped) take() []kv.Range {
	sealed := d.sealed
	d.sealed = nil
	return sealed
}

// before returns a key just below a key that isn't empty: RocksDB deletes the files of a
// range up to and including its end.
func before(key []byte) []byte {
	b := bytes.Clone(key)
	last := len(b) - 1
	if last < 0 || b[last] == 0 {
		return b[:max(last, 0)]
	}
	b[last]--
	return append(b, bytes.Repeat([]byte{0xff}, 16)...)
}
