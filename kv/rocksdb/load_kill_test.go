//go:build rocksdb

package rocksdb_test

import (
	"encoding/binary"
	"errors"
	"strconv"
	"testing"

	"github.com/gretestream/grete/kv"
)

// loads loads the same keys again and again, with the number of the load, and one more
// key, and then writes the number to the meta record.
var loads = victim{
	variable: "GRETE_TEST_KILL_LOADS_DIR",
	step:     writeLoad,
	verify:   verifyLoads,
	kills:    40, killsIfShort: 6, progress: 30,
}

// After kill -9 at any moment each load is complete or absent, those before the meta
// record are complete, and the meta record isn't far behind, so that a restore continues.
func TestLoad_Killed(t *testing.T) { loads.test(t) }

func writeLoad(d kv.Database, n uint64, progress func() error) error {
	if err := loadNumbers(d, n); err != nil {
		return err
	}
	b := d.NewBatch()
	b.SetMeta(strconv.AppendUint(nil, n, 10))
	if err := d.Write(b); err != nil {
		return err
	}
	return progress()
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

func verifyLoads(t *testing.T, d kv.Database, n uint64) {
	t.Helper()
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
}
