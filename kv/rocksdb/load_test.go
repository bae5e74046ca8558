//go:build rocksdb

package rocksdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/linxGnu/grocksdb"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

func openTest(t *testing.T) *database {
	t.Helper()
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, err := e.Open(t.TempDir(), []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	})
	return db.(*database)
}

func loadOne(d *database, value string) (bool, error) {
	return d.Load(0, func(put kv.Put) error {
		return errors.Join(put([]byte("a"), []byte(value)), put([]byte("b"), []byte(value)))
	})
}

// A store with many overlapping files takes no more of them until compactions have caught
// up.
func TestLoad_RefusedWhileCrowded(t *testing.T) {
	d := openTest(t)
	compactions := func(off string) {
		t.Helper()
		if err := d.db.SetOptionsCF(d.handles[1], []string{"disable_auto_compactions"}, []string{off}); err != nil {
			t.Fatal(err)
		}
	}
	compactions("true")
	loads := 0
	for ; ; loads++ {
		ok, err := loadOne(d, fmt.Sprint(loads))
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
	}
	// The first is below all others.
	if loads != crowded+1 {
		t.Errorf("the store was crowded after %d loads", loads)
	}
	value, _, err := d.Get(0, []byte("b"))
	if err != nil || string(value) != fmt.Sprint(loads-1) {
		t.Errorf("the records of the last load are missing: %q, %v", value, err)
	}
	compactions("false")
	if err := d.flushAll(); err != nil {
		t.Fatal(err)
	}
}

// Entries that are loaded into a deleted range remain.
func TestLoad_IntoDroppedRange(t *testing.T) {
	d := openTest(t)
	b := d.NewBatch()
	b.DeleteRange(0, []byte("a"), []byte("z"))
	if err := d.Write(b); err != nil {
		t.Fatal(err)
	}
	if ok, err := loadOne(d, "new"); !ok || err != nil {
		t.Fatalf("loading: %v, %v", ok, err)
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	<-d.flush.done
	d.db.CompactRangeCF(d.handles[1], grocksdb.Range{})
	d.reap()
	for _, key := range []string{"a", "b"} {
		if value, _, err := d.Get(0, []byte(key)); err != nil || string(value) != "new" {
			t.Errorf("%s is %q, %v", key, value, err)
		}
	}
}

// The file that a killed load left is removed, and never written to: the database may
// have it under another name.
func TestLoad_LeftOverFile(t *testing.T) {
	d := openTest(t)
	path, other := filepath.Join(d.dir, loadingFile), filepath.Join(t.TempDir(), "other")
	if err := errors.Join(os.WriteFile(path, []byte("left over"), 0o600), os.Link(path, other)); err != nil {
		t.Fatal(err)
	}
	if ok, err := loadOne(d, "1"); !ok || err != nil {
		t.Fatalf("loading: %v, %v", ok, err)
	}
	if b, err := os.ReadFile(other); string(b) != "left over" || err != nil {
		t.Errorf("it was written to: %.20q, %v", b, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left of a load: %v", err)
	}
}

// A replay restores the entries with any budget: with everything loaded, some, or
// nothing.
func TestReplay_ByLoads(t *testing.T) {
	for _, limit := range []int64{1 << 20, 6 << 20, 64 << 20} {
		t.Run(fmt.Sprintf("%d MB", limit>>20), func(t *testing.T) { replayRandom(t, limit) })
	}
}

func replayRandom(t *testing.T, limit int64) {
	db := openTest(t)
	s := kv.NewState(db, []string{"s"}, &kv.Budget{Limit: limit})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	want := map[string]string{}
	for i := range 150_000 {
		key := binary.BigEndian.AppendUint64(nil, r.Uint64N(40_000)*0x9e3779b97f4a7c15)
		var value []byte
		if r.IntN(4) > 0 {
			value = make([]byte, r.IntN(200))
			copy(value, fmt.Sprint(i))
			want[string(key)] = string(value)
		} else {
			delete(want, string(key))
		}
		if err := s.Replay(0, key, value); err != nil {
			t.Fatal(err)
		}
		if s.ReplayDue() {
			if err := s.ApplyReplay([]byte("so far")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.ApplyReplay([]byte("all")); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	text, _ := serde.For[string]()
	err := kv.NewValues(s, 0, text).Range(nil, nil, func(key []byte, v *string) (bool, error) {
		got[string(key)] = *v
		return true, nil
	})
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %d keys, want %d; %v", len(got), len(want), err)
	}
}
