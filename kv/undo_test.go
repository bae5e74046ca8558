package kv_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A hoard has memory of its own, which a fold changes in place.
type hoard struct {
	Items []string
	Count map[string]int
}

func newHoards(t *testing.T) (*kv.State, *kv.Values[hoard], *kv.Windows[hoard]) {
	t.Helper()
	stores := []string{"values", "windows"}
	db, err := memory.New(0).Open("", stores)
	if err != nil {
		t.Fatal(err)
	}
	s := kv.NewState(db, stores, &kv.Budget{})
	hoards, _ := serde.For[hoard]()
	w, err := kv.NewWindows(s, 1, hoards)
	if err != nil {
		t.Fatal(err)
	}
	return s, kv.NewValues(s, 0, hoards), w
}

func (h *hoard) add(item string) {
	h.Items = append(h.Items, item)
	if h.Count == nil {
		h.Count = make(map[string]int)
	}
	h.Count[item]++
}

// Values that are changed in place are restored from their encoding.
func TestUndo_RestoresWhatWasChangedInPlace(t *testing.T) {
	s, values, windows := newHoards(t)
	add := func(item string) {
		t.Helper()
		v, _, err := values.Upsert([]byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		w, _, err := windows.Upsert(60, []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		v.add(item)
		w.add(item)
		v.Items[0], w.Items[0] = item, item
	}
	want := func(items ...string) {
		t.Helper()
		v, _, err := values.Get([]byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		w, _, err := windows.Get(60, []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range []*hoard{v, w} {
			if !slices.Equal(h.Items, items) || h.Count["a"] != 1 {
				t.Fatalf("got %+v, want %q", h, items)
			}
		}
	}
	add("a")
	s.Undo.Begin(kv.UndoSaves)
	add("b")
	add("c")
	if err := s.Undo.Rewind(); err != nil {
		t.Fatal(err)
	}
	want("a")
	s.Undo.Begin(kv.UndoSaves)
	add("b")
	s.Undo.Keep()
	want("b", "b")
}

func TestUndo_NotesWhetherAnythingChanges(t *testing.T) {
	s, values, windows := newHoards(t)
	changes := map[string]func() error{
		"upsert":       func() error { _, _, err := values.Upsert([]byte("key")); return err },
		"upsert again": func() error { _, _, err := values.Upsert([]byte("key")); return err },
		"window":       func() error { _, _, err := windows.Upsert(60, []byte("key")); return err },
		"delete":       func() error { return values.Delete([]byte("key")) },
		"upsert more":  func() error { _, _, err := values.Upsert([]byte("more")); return err },
		"delete range": func() error { return values.DeleteRange(nil, nil) },
		"drop through": func() error { return windows.Drop(60, []byte("key")) },
		"drop":         func() error { return windows.Drop(60, nil) },
	}
	for _, name := range []string{"upsert", "upsert again", "window", "delete", "upsert more", "delete range", "drop through", "drop"} {
		s.Undo.Begin(kv.UndoNotes)
		if _, _, err := values.Get([]byte("key")); err != nil || s.Undo.Changed() {
			t.Fatalf("before %s: %v, changed %v", name, err, s.Undo.Changed())
		}
		if err := changes[name](); err != nil || !s.Undo.Changed() {
			t.Errorf("%s: %v, changed %v", name, err, s.Undo.Changed())
		}
		s.Undo.Keep()
	}
}

// Check finds entries that the segment has changed, and no others.
func TestUndo_ChecksWhatHasChanged(t *testing.T) {
	s, values, windows := newHoards(t)
	limit := 100
	s.Undo.Fits = func(_ int, key, value []byte) error {
		if size := len(key) + len(value); size > limit {
			return stream.NewRecordTooLargeError(stream.TopicPartition{}, &stream.Record{Key: key, Value: value}, int64(size), int64(limit))
		}
		return nil
	}
	add := func(key, item string) error {
		s.Undo.Begin(kv.UndoSaves)
		v, _, err := values.Upsert([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		v.add(item)
		w, _, err := windows.Upsert(60, []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		w.add("x")
		return s.Undo.Check()
	}
	if err := add("key", "small"); err != nil {
		t.Fatal(err)
	}
	s.Undo.Keep()
	large := (*kv.EntryError)(nil)
	if err := add("key", strings.Repeat("x", limit)); !errors.As(err, &large) || string(large.Key) != "key" || large.Store != "values" || large.Stored {
		t.Fatalf("got %v", err)
	}
	if err := s.Undo.Rewind(); err != nil {
		t.Fatal(err)
	}
	limit = 1000
	if err := add("large", strings.Repeat("x", limit/4)); err != nil {
		t.Fatal(err)
	}
	s.Undo.Keep()
	limit = 100
	if err := add("key", "y"); err != nil {
		t.Fatalf("an entry that isn't of the segment: %v", err)
	}
	if err := s.Prepare(func(int, []byte, []byte) error { return nil }); err == nil {
		t.Error("a commit in the middle of a segment is prepared")
	}
}

func TestState_IsPlain(t *testing.T) {
	type plain struct {
		N    [2]int32
		Text string
		At   time.Time
		In   struct{ F float64 }
	}
	s := openState(t)
	plains, _ := serde.For[plain]()
	kv.NewValues(s, 0, plains)
	if !s.IsPlain() {
		t.Error("a struct of numbers, strings and times isn't plain")
	}
	hoards, _ := serde.For[hoard]()
	if _, err := kv.NewWindows(s, 1, hoards); err != nil {
		t.Fatal(err)
	}
	if s.IsPlain() {
		t.Error("a struct with a map is plain")
	}
}

// BenchmarkUndo measures a segment that counts a record and is kept.
func BenchmarkUndo(b *testing.B) {
	for name, encoded := range map[string]bool{"Copied": false, "Encoded": true} {
		b.Run(name, func(b *testing.B) {
			s := openState(b)
			number, _ := serde.For[int64]()
			w, err := kv.NewWindows(s, 1, number)
			if err != nil {
				b.Fatal(err)
			}
			if encoded {
				w.SaveEncoded()
			}
			keys := make([][]byte, 1000)
			for i := range keys {
				keys[i] = []byte{byte(i), byte(i >> 8), 0, 0, 0, 0, 0, 0}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Undo.Begin(kv.UndoSaves)
				v, _, err := w.Upsert(60, keys[i%len(keys)])
				if err != nil {
					b.Fatal(err)
				}
				*v++
				if err := s.Undo.Check(); err != nil {
					b.Fatal(err)
				}
				s.Undo.Keep()
			}
		})
	}
}
