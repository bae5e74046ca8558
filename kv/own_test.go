package kv_test

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream/serde"
)

type flat struct {
	Name  string
	At    time.Time
	Pair  [2]struct{ A, B string }
	Count int
}

type deep struct {
	Name string
	Tags []string
	By   map[string]*flat
}

// The strings of a record share a buffer. A value that keeps one of them must not
// retain the whole buffer once it is committed.
func TestCommit_GivesStringsTheirOwnMemory(t *testing.T) {
	record := strings.Repeat("a record of many strings ", 100)
	inside := func(s string) bool {
		at, from := uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(unsafe.Pointer(unsafe.StringData(record)))
		return len(s) > 0 && at >= from && at < from+uintptr(len(record))
	}
	at := time.Date(2026, 11, 30, 0, 0, 0, 0, time.FixedZone("x", 3600))

	f := flat{Name: record[:8], At: at, Count: 17}
	f.Pair[1].B = record[9:15]
	kept := committed(t, f)
	if kept.Name != f.Name || kept.Pair != f.Pair || kept.Count != 17 || kept.At != at {
		t.Errorf("the value has changed: %+v", kept)
	}
	if inside(kept.Name) || inside(kept.Pair[1].B) {
		t.Error("a string is still in the record's buffer")
	}

	d := deep{record[:8], []string{record[9:15]}, map[string]*flat{record[:3]: {Name: record[5:9]}}}
	back := committed(t, d)
	if inside(back.Name) || inside(back.Tags[0]) {
		t.Error("a string is still in the record's buffer")
	}
	for key, elem := range back.By {
		if inside(key) || inside(elem.Name) {
			t.Error("a string of a map is still in the record's buffer")
		}
	}
	if len(back.By) != 1 || back.Tags[0] != d.Tags[0] || !inside(d.Tags[0]) {
		t.Errorf("the value, or the list that it shared, has changed: %+v", back)
	}
}

// committed returns the value in the cache after a commit.
func committed[V any](t *testing.T, v V) V {
	t.Helper()
	db, err := memory.New(0).Open("", []string{"values"})
	if err != nil {
		t.Fatal(err)
	}
	state := kv.NewState(db, []string{"values"}, &kv.Budget{})
	t.Cleanup(func() { must(t, state.Close()) })
	s, _ := serde.For[V]()
	values := kv.NewValues(state, 0, s)
	stored, _, err := values.Upsert([]byte("k"))
	must(t, err)
	*stored = v
	must(t, state.Prepare(func(int, []byte, []byte) error { return nil }))
	must(t, state.Apply([]byte("m")))
	stored, _, err = values.Get([]byte("k"))
	must(t, err)
	return *stored
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
