//go:build rocksdb

package rocksdb_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/rocksdb"
)

// After kill -9 at any moment each load is there as a whole or not at all, none of
// those before the meta record is missing, and the meta record isn't far behind: what
// was restored isn't restored again.
func TestKilledLoads(t *testing.T) {
	dir := t.TempDir()
	kills := 40
	if testing.Short() {
		kills = 6
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var last uint64
	for i := 0; i < kills || last == 0 && i < 20*kills; i++ {
		killAfter(t, loadingVariable, dir, 1+random.IntN(30), false)
		n := verifyLoads(t, dir)
		if n < last {
			t.Fatalf("kill %d: what was durable at load %d went back to load %d", i, last, n)
		}
		last = n
	}
	if last == 0 {
		t.Fatal("no meta record was ever flushed")
	}
	t.Logf("%d kills, %d loads survived", kills, last)
}

// loadingVictim loads the same keys again and again, with the number of the load, and
// one more, and then says so in the meta record.
func loadingVictim(dir string) error {
	e, err := rocksdb.New(rocksdb.Options{})
	if err != nil {
		return err
	}
	d, err := e.Open(dir, stores)
	if err != nil {
		return err
	}
	meta, err := d.Meta()
	if err != nil {
		return err
	}
	n, _ := strconv.ParseUint(string(meta), 10, 64)
	b := d.NewBatch()
	for {
		n++
		if err := loadNumbers(d, n); err != nil {
			return err
		}
		b.Reset()
		b.SetMeta(strconv.AppendUint(nil, n, 10))
		if err := d.Write(b); err != nil {
			return err
		}
		if _, err := os.Stdout.Write([]byte{'.'}); err != nil {
			return err
		}
	}
}

// loadNumbers makes the first keys of a store n, and n itself, by a load, or by a batch
// if that is better.
func loadNumbers(d kv.Database, n uint64) error {
	fill := func(put kv.Put) error {
		for k := range uint64(keys) {
			if err := put(number(k), number(n)); err != nil {
				return err
			}
		}
		return put(number(keys+n), number(n))
	}
	loaded, err := d.(kv.Loader).Load(0, fill)
	if loaded || err != nil {
		return err
	}
	b := d.NewBatch()
	if err := fill(func(key, value []byte) error { b.Put(0, key, value); return nil }); err != nil {
		return err
	}
	return d.Write(b)
}

// verifyLoads returns the load that the meta record is of.
func verifyLoads(t *testing.T, dir string) uint64 {
	t.Helper()
	d, err := newEngine(t, rocksdb.Options{}).Open(dir, stores)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	meta, err := d.Meta()
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.ParseUint(string(meta), 10, 64)
	var count, least, most uint64
	it := d.Iterate(0, nil, nil)
	for ; it.Next(); count++ {
		key, value := binary.BigEndian.Uint64(it.Key()), binary.BigEndian.Uint64(it.Value())
		if key >= keys {
			if value != key-keys {
				t.Fatalf("load %d has made %d", key-keys, value)
			}
			continue
		}
		if count == 0 {
			least, most = value, value
		}
		least, most = min(least, value), max(most, value)
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		t.Fatal(err)
	}
	if least != most || least < n || least > n+2 {
		t.Fatalf("the meta record is of load %d, and keys are of the loads %d to %d", n, least, most)
	}
	if want := least + keys; least > 0 && count != want {
		t.Fatalf("after load %d there are %d keys, and should be %d", least, count, want)
	}
	return n
}
