package layout

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream/serde"
)

// A world is a store in one layout beside a model of it: live is what the store must
// hold now, committed what it held at the last commit, log what its changelog says.
type world[K comparable, V any] struct {
	t         *rapid.T
	layout    Layout
	open      func(s *kv.State) // makes the view
	db        kv.Database
	budget    *kv.Budget
	state     *kv.State
	live      map[K]V
	committed map[K]V
	log       map[string]string
	removed   map[string]bool
	segment   bool // one is open
	before    map[K]V
}

func newWorld[K comparable, V any](t *rapid.T, l Layout, open func(s *kv.State)) *world[K, V] {
	w := &world[K, V]{t: t, layout: l, open: open, live: map[K]V{}, committed: map[K]V{}, log: map[string]string{}, removed: map[string]bool{}}
	w.restore()
	return w
}

func (w *world[K, V]) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// restore begins with an empty database and replays the whole changelog.
func (w *world[K, V]) restore() {
	db, err := memory.New(0).Open("", []string{"store"})
	w.ok(err)
	w.db = db
	w.replay(w.log, w.removed)
}

// replay opens the state that the database has, and replays a part of the changelog.
func (w *world[K, V]) replay(log map[string]string, removed map[string]bool) {
	w.budget = &kv.Budget{Limit: rapid.SampledFrom([]int64{1, 5_000, 1 << 20}).Draw(w.t, "limit")}
	w.state = kv.NewState(w.db, []string{"store"}, w.budget)
	w.state.SetDerive(0, w.layout.Derive())
	for key, value := range log {
		w.ok(w.state.Replay(0, []byte(key), []byte(value)))
	}
	for key := range removed {
		if _, has := log[key]; !has {
			w.ok(w.state.Replay(0, []byte(key), nil))
		}
	}
	w.ok(w.state.ApplyReplay([]byte("replayed")))
	w.open(w.state)
}

// prepare returns what a commit adds to the changelog.
func (w *world[K, V]) prepare() (log map[string]string, removed map[string]bool) {
	log, removed = map[string]string{}, map[string]bool{}
	s := &Store{Layout: w.layout}
	w.ok(w.state.Prepare(func(_ int, key, value []byte) error {
		switch k := string(key); {
		case w.layout.Derive() != nil && !s.IsEntry(key):
			w.t.Fatalf("%q, of the index, is logged", k)
		case value == nil:
			removed[k] = true
			delete(w.log, k)
		default:
			log[k] = string(value)
			w.log[k] = string(value)
		}
		return nil
	}))
	maps.Copy(w.removed, removed)
	w.committed = maps.Clone(w.live)
	return log, removed
}

func (w *world[K, V]) commit(*rapid.T) {
	w.prepare()
	w.ok(w.state.Apply([]byte("meta")))
	for w.budget.Trimming() && rapid.Bool().Draw(w.t, "evict more") {
		w.budget.Trim()
	}
	entries := 0
	s := &Store{w.layout, text("string"), text("string"), nil}
	for key, value := range w.log {
		if !s.IsEntry([]byte(key)) {
			continue
		}
		entries++
		if _, err := s.Entry([]byte(key), []byte(value)); err != nil {
			w.t.Fatalf("%q: %v", key, err)
		}
	}
	if entries != len(w.live) {
		w.t.Fatalf("the changelog has %d entries, want %d", entries, len(w.live))
	}
}

func text(name string) serde.Text { return (*serde.Registry)(nil).Text(name) }

// discard is a transaction that fails.
func (w *world[K, V]) discard(*rapid.T) {
	w.ok(w.state.Discard())
	w.live = maps.Clone(w.committed)
}

// lose loses the database; it is restored from the changelog.
func (w *world[K, V]) lose(*rapid.T) {
	w.ok(w.state.Close())
	w.live = maps.Clone(w.committed)
	w.restore()
}

// crash is one after the transaction and before the database is written: the tail
// of the changelog is replayed.
func (w *world[K, V]) crash(*rapid.T) {
	w.replay(w.prepare())
}

// reopen makes the view again, over what the database holds.
func (w *world[K, V]) reopen(*rapid.T) {
	w.commit(nil)
	w.open(w.state)
}

// begin begins a segment, which takes many steps.
func (w *world[K, V]) begin(*rapid.T) {
	w.keep()
	w.segment, w.before = true, maps.Clone(w.live)
	w.state.Undo.Begin(kv.UndoSaves)
}

// keep ends a segment.
func (w *world[K, V]) keep() {
	if w.segment {
		w.segment = false
		w.state.Undo.Keep()
	}
}

// rewind takes a segment back.
func (w *world[K, V]) rewind(*rapid.T) {
	if w.segment {
		w.ok(w.state.Undo.Rewind())
		w.segment, w.live = false, w.before
	}
}

// takenBack returns a step that takes other steps in a segment, rewinds it, and takes more.
func (w *world[K, V]) takenBack(steps map[string]func(*rapid.T)) func(*rapid.T) {
	names := slices.Sorted(maps.Keys(steps))
	some := func(t *rapid.T) {
		for range rapid.IntRange(1, 4).Draw(w.t, "steps") {
			steps[rapid.SampledFrom(names).Draw(w.t, "step")](t)
		}
	}
	steps = maps.Clone(steps)
	return func(t *rapid.T) {
		w.begin(t)
		some(t)
		w.rewind(t)
		some(t)
	}
}

// run runs the steps of a world and of all.
func (w *world[K, V]) run(steps map[string]func(*rapid.T)) {
	steps["taken back"] = w.takenBack(steps)
	for name, step := range map[string]func(*rapid.T){
		"commit": w.commit, "discard": w.discard, "lose": w.lose, "crash": w.crash, "reopen": w.reopen,
	} {
		steps[name] = func(t *rapid.T) {
			w.keep()
			step(t)
		}
	}
	steps["begin"], steps["rewind"], steps["rewind more"] = w.begin, w.rewind, w.rewind
	w.t.Repeat(steps)
	w.ok(w.state.Close())
}

// drawKey returns one of few keys of which some are prefixes of others, with zeros.
func drawKey(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "\x00", "\x00\x00", "a", "a\x00", "a\x01", "a\x00\x01", "ab", "\xff"}).Draw(t, "key")
}

func drawTime(t *rapid.T, name string) int64 { return rapid.Int64Range(-2, 4).Draw(t, name) }

func textSerde() serde.Serde[string] {
	s, _ := serde.For[string]()
	return s
}

// BenchmarkUpsert shows that a cached entry costs no allocation, in any layout.
func BenchmarkUpsert(b *testing.B) {
	for name, upsert := range upserts(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := upsert(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestUpsert_AllocatesNothing(t *testing.T) {
	for name, upsert := range upserts(t) {
		if n := testing.AllocsPerRun(100, func() {
			if err := upsert(); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// upserts change and read the same entry again and again.
func upserts(t testing.TB) map[string]func() error {
	number, _ := serde.For[int64]()
	state := func() *kv.State {
		db, err := memory.New(0).Open("", []string{"store"})
		if err != nil {
			t.Fatal(err)
		}
		s := kv.NewState(db, []string{"store"}, &kv.Budget{})
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	key := []byte("a key\x00with a zero")
	times := NewTimes(state(), 0, true, number)
	expiring := NewExpiring(state(), 0, number)
	sessions := NewExpiringTimes(state(), 0, false, number)
	counts := NewMap[string](state(), 0, number)
	lists := NewList(state(), 0, number)
	now := int64(0)
	return map[string]func() error{
		"times": func() error {
			v, _, err := times.Upsert(key, At{1, 2})
			*v++
			return err
		},
		"expiring": func() error {
			now++
			v, _, err := expiring.Upsert(key, now)
			*v++
			return err
		},
		"sessions": func() error {
			now++
			v, _, err := sessions.Upsert(key, At{Time: 1}, now)
			*v++
			return err
		},
		"maps": func() error {
			v, _, err := counts.Upsert(key, "entry")
			*v++
			return err
		},
		"lists": func() error {
			if n, _ := lists.Len(key); n == 0 {
				_, err := lists.Append(key)
				return err
			}
			_, _, err := lists.Get(key, 0)
			return err
		},
	}
}
