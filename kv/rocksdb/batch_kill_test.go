//go:build rocksdb

package rocksdb_test

import (
	"encoding/binary"
	"errors"
	"strconv"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
)

// In batch n: numbers[n%keys] and again[n%(keys+1)] become n, and window n/perWindow
// gets the key n; a window's first batch drops the window before the last.
var stores = []string{"numbers", "again", "windows"}

const (
	keys      = 97
	perWindow = 100
)

// batches writes batch after batch. Its small memory makes flushes and compactions
// frequent.
var batches = victim{
	variable: "GRETE_TEST_KILL_DIR",
	options:  rocksdb.Options{CacheBytes: 1 << 20, WriteBufferBytes: 64 << 10},
	step:     writeBatch,
	verify:   verifyBatches,
	kills:    60, killsIfShort: 8, progress: 600,
}

// After kill -9 at any moment the stores and the meta record are those of the same batch.
func TestKill_StoresAndMetaTogether(t *testing.T) { batches.test(t) }

func writeBatch(d kv.Database, n uint64, progress func() error) error {
	b := d.NewBatch()
	fillBatch(b, n)
	if err := d.Write(b); err != nil {
		return err
	}
	if n%200 == 0 {
		if err := d.Flush(); err != nil {
			return err
		}
	}
	if n%5 != 0 {
		return nil
	}
	return progress()
}

func fillBatch(b *kv.Batch, n uint64) {
	value := make([]byte, 100)
	binary.BigEndian.PutUint64(value, n)
	if window := n / perWindow; n%perWindow == 0 && window >= 2 {
		b.DeleteRange(2, number(window-2), number(window-1))
	}
	b.Put(0, number(n%keys), value)
	b.Put(1, number(n%(keys+1)), value)
	b.Put(2, append(number(n/perWindow), number(n)...), value)
	b.SetMeta(strconv.AppendUint(nil, n, 10))
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func verifyBatches(t *testing.T, d kv.Database, n uint64) {
	t.Helper()
	verifyNumbers(t, d, 0, keys, n)
	verifyNumbers(t, d, 1, keys+1, n)
	verifyWindows(t, d, n)
}

func verifyNumbers(t *testing.T, d kv.Database, store int, keys, n uint64) {
	t.Helper()
	for k := range keys {
		var want uint64
		if n >= k {
			want = n - (n-k)%keys
		}
		v, found, err := d.Get(store, number(k))
		if err != nil {
			t.Fatal(err)
		}
		var got uint64
		if found {
			got = binary.BigEndian.Uint64(v)
		}
		if got != want {
			t.Fatalf("%s[%d] is %d, but the meta record is of batch %d, which makes it %d", stores[store], k, got, n, want)
		}
	}
}

func verifyWindows(t *testing.T, d kv.Database, n uint64) {
	t.Helper()
	var next uint64 = 1
	if window := n / perWindow; window >= 2 {
		next = (window - 1) * perWindow
	}
	it := d.Iterate(2, nil, nil)
	for it.Next() {
		if got := binary.BigEndian.Uint64(it.Key()[8:]); got != next {
			t.Fatalf("the windows hold %d where %d should come, and the meta record is of batch %d", got, next, n)
		}
		next++
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		t.Fatal(err)
	}
	if next != n+1 {
		t.Fatalf("the windows end before %d, but the meta record is of batch %d", next, n)
	}
}
