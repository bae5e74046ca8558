package kv_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream/serde"
)

// A world is a task's state beside a model of it in plain maps. Store 0 has Values,
// store 1 Windows. live is what the state must have now, committed what it had at the
// last commit, and log the last record of each key of the changelogs.
type world struct {
	t         *rapid.T
	state     *kv.State
	budget    *kv.Budget
	values    *kv.Values[string]
	windows   *kv.Windows[string]
	live      [2]map[string]string
	committed [2]map[string]string
	log       [2]map[string]string
	removed   [2]map[string]bool // keys of which a removal was logged
	encoded   bool               // segments save values by encoding them
	segment   bool               // one is open
	before    [2]map[string]string
}

func newWorld(t *rapid.T) *world {
	w := &world{t: t, budget: &kv.Budget{Limit: rapid.SampledFrom([]int64{1, 5_000, 20_000, 1 << 20}).Draw(t, "limit")}}
	w.encoded = rapid.Bool().Draw(t, "encoded")
	w.budget.SetStep(rapid.SampledFrom([]int{0, 1, 100}).Draw(t, "step"))
	for i := range 2 {
		w.live[i], w.committed[i], w.log[i] = map[string]string{}, map[string]string{}, map[string]string{}
		w.removed[i] = map[string]bool{}
	}
	w.open()
	return w
}

// open opens an empty database and replays the changelogs.
func (w *world) open() {
	db, err := memory.New(0).Open("", []string{"values", "windows"})
	w.ok(err)
	w.state = kv.NewState(db, []string{"values", "windows"}, w.budget)
	for i := range 2 {
		for k, v := range w.log[i] {
			w.ok(w.state.Replay(i, []byte(k), []byte("old "+v)))
			w.ok(w.state.Replay(i, []byte(k), []byte(v)))
		}
		for k := range w.removed[i] {
			if _, has := w.log[i][k]; !has {
				w.ok(w.state.Replay(i, []byte(k), []byte("removed later")))
				w.ok(w.state.Replay(i, []byte(k), nil))
			}
		}
	}
	w.ok(w.state.ApplyReplay([]byte("replayed")))
	w.view()
}

func (w *world) view() {
	w.values, w.windows = views(w.ok, w.state)
	if w.encoded {
		w.values.SaveEncoded()
		w.windows.SaveEncoded()
	}
}

// Begin begins a segment, which takes many steps.
func (w *world) Begin(*rapid.T) {
	w.end()
	w.segment = true
	w.state.Undo.Begin(kv.UndoSaves)
	for i := range 2 {
		w.before[i] = maps.Clone(w.live[i])
	}
}

// end ends a segment: what it has changed is kept, or taken back.
func (w *world) end() {
	switch {
	case !w.segment:
		return
	case rapid.Bool().Draw(w.t, "keep"):
		w.state.Undo.Keep()
	default:
		w.Rewind(nil)
	}
	w.segment = false
}

func (w *world) Rewind(*rapid.T) {
	if !w.segment {
		return
	}
	w.ok(w.state.Undo.Rewind())
	w.live, w.segment = w.before, false
	for start := range int64(4) {
		w.everyWindow(start - 1)
	}
	w.every()
}

// every compares all values with the model, and everyWindow those of a window.
func (w *world) every() {
	var got []string
	w.ok(w.values.Range(nil, nil, func(key []byte, v *string) (bool, error) {
		got = append(got, string(key)+"="+*v)
		return true, nil
	}))
	w.sameRange(0, "", func(string) bool { return true }, got)
}

func (w *world) everyWindow(start int64) {
	var got []string
	w.ok(w.windows.Ascend(start, nil, func(key []byte, v *string) (bool, error) {
		got = append(got, windowKey(start, key)+"="+*v)
		return true, nil
	}))
	first := windowKey(start, nil)
	w.sameRange(1, first, func(k string) bool { return k[:8] == first }, got)
}

func views(ok func(error), s *kv.State) (*kv.Values[string], *kv.Windows[string]) {
	text, _ := serde.For[string]()
	windows, err := kv.NewWindows(s, 1, text)
	ok(err)
	return kv.NewValues(s, 0, text), windows
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// modelKey returns one of few keys, so that steps meet. Keys differ in their last bytes,
// and not only there.
func modelKey(i int) []byte { return fmt.Appendf(nil, "%d-the same for all-%02d", i%3, i) }

func (w *world) key() []byte { return modelKey(rapid.IntRange(0, 7).Draw(w.t, "key")) }

func (w *world) start() int64 { return rapid.Int64Range(-1, 2).Draw(w.t, "start") }

func windowKey(start int64, key []byte) string {
	return string(append([]byte{byte(start>>56) ^ 0x80, byte(start >> 48), byte(start >> 40), byte(start >> 32),
		byte(start >> 24), byte(start >> 16), byte(start >> 8), byte(start)}, key...))
}

// set changes a value that Upsert returned as the model says.
func (w *world) set(store int, key string, v *string, existed bool) {
	old, has := w.live[store][key]
	if has != existed || *v != old {
		w.t.Fatalf("upsert of %q: %q %v, want %q %v", key, *v, existed, old, has)
	}
	*v = rapid.StringMatching("[a-z]{0,3}").Draw(w.t, "value")
	w.live[store][key] = *v
}

func (w *world) UpsertValue(*rapid.T) {
	key := w.key()
	v, existed, err := w.values.Upsert(key)
	w.ok(err)
	w.set(0, string(key), v, existed)
}

func (w *world) UpsertMany(*rapid.T) {
	start := w.start()
	for i := range 90 {
		key := modelKey(i)
		v, _, err := w.windows.Upsert(start, key)
		w.ok(err)
		*v = "many"
		w.live[1][windowKey(start, key)] = *v
		v, _, err = w.values.Upsert(key)
		w.ok(err)
		*v = "many"
		w.live[0][string(key)] = *v
	}
}

// UpsertManyWindows makes most windows be in the database only, if the limit is low.
func (w *world) UpsertManyWindows(*rapid.T) {
	step := rapid.SampledFrom([]int64{1, -1, 7}).Draw(w.t, "step")
	for i := range int64(60) {
		start, key := 100+i*step, modelKey(int(i%3))
		v, existed, err := w.windows.Upsert(start, key)
		w.ok(err)
		if old, has := w.live[1][windowKey(start, key)]; has != existed || *v != old {
			w.t.Fatalf("upsert of %d %q: %q %v, want %q %v", start, key, *v, existed, old, has)
		}
		*v += "."
		w.live[1][windowKey(start, key)] = *v
	}
}

// DropFirst drops the first windows, as a watermark does.
func (w *world) DropFirst(*rapid.T) {
	for range rapid.IntRange(1, 50).Draw(w.t, "windows") {
		start, found := w.windows.First()
		if !found {
			return
		}
		w.ok(w.windows.Drop(start, nil))
		maps.DeleteFunc(w.live[1], func(k, _ string) bool { return k[:8] == windowKey(start, nil) })
	}
}

// Trim takes steps of eviction, between any other steps.
func (w *world) Trim(*rapid.T) {
	w.end()
	for n := rapid.SampledFrom([]int{1, 3, 1 << 20}).Draw(w.t, "steps"); n > 0 && w.budget.Trimming(); n-- {
		w.budget.Trim()
	}
}

func (w *world) UpsertWindow(*rapid.T) {
	start, key := w.start(), w.key()
	v, existed, err := w.windows.Upsert(start, key)
	w.ok(err)
	w.set(1, windowKey(start, key), v, existed)
}

func (w *world) Get(*rapid.T) {
	start, key := w.start(), w.key()
	v, found, err := w.values.Get(key)
	w.ok(err)
	w.same(0, string(key), v, found)
	v, found, err = w.windows.Get(start, key)
	w.ok(err)
	w.same(1, windowKey(start, key), v, found)
}

func (w *world) same(store int, key string, v *string, found bool) {
	want, has := w.live[store][key]
	if has != found || found && *v != want {
		w.t.Fatalf("get of %q: %v, want %q %v", key, found, want, has)
	}
}

func (w *world) DeleteValue(*rapid.T) {
	key := w.key()
	w.ok(w.values.Delete(key))
	delete(w.live[0], string(key))
}

func (w *world) DeleteRange(*rapid.T) {
	from, to := w.key(), w.key()
	if rapid.IntRange(0, 9).Draw(w.t, "to the end") == 0 {
		to = nil
	}
	w.ok(w.values.DeleteRange(from, to))
	maps.DeleteFunc(w.live[0], func(k, _ string) bool { return k >= string(from) && (to == nil || k < string(to)) })
}

func (w *world) Drop(*rapid.T) {
	start := w.start()
	var through []byte
	if rapid.Bool().Draw(w.t, "partly") {
		through = w.key()
	}
	w.ok(w.windows.Drop(start, through))
	last := windowKey(start, through)
	for key := range w.live[1] {
		if key[:8] == last[:8] && (through == nil || key <= last) {
			delete(w.live[1], key)
		}
	}
}

func (w *world) Range(*rapid.T) {
	from, to := w.key(), w.key()
	if rapid.Bool().Draw(w.t, "to the end") {
		to = nil
	}
	var got []string
	w.ok(w.values.Range(from, to, func(key []byte, v *string) (bool, error) {
		got = append(got, string(key)+"="+*v)
		return true, nil
	}))
	w.sameRange(0, string(from), func(k string) bool { return to == nil || k < string(to) }, got)
}

func (w *world) Ascend(*rapid.T) {
	start, after := w.start(), w.key()
	first := windowKey(start, append(bytes.Clone(after), 0))
	if rapid.Bool().Draw(w.t, "from the first") {
		after, first = nil, windowKey(start, nil)
	}
	var got []string
	w.ok(w.windows.Ascend(start, after, func(key []byte, v *string) (bool, error) {
		got = append(got, windowKey(start, key)+"="+*v)
		return true, nil
	}))
	w.sameRange(1, first, func(k string) bool { return k[:8] == first[:8] }, got)
}

func (w *world) sameRange(store int, from string, in func(string) bool, got []string) {
	var want []string
	for _, k := range slices.Sorted(maps.Keys(w.live[store])) {
		if k >= from && in(k) {
			want = append(want, k+"="+w.live[store][k])
		}
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("range of store %d from %q: %q, want %q", store, from, got, want)
	}
}

func (w *world) Commit(*rapid.T) {
	w.end()
	seen := [2]map[string]bool{{}, {}}
	w.ok(w.state.Prepare(func(store int, key, value []byte) error {
		k := string(key)
		if seen[store][k] {
			w.t.Fatalf("store %d: %q was logged twice", store, k)
		}
		seen[store][k] = true
		if value == nil {
			if _, has := w.log[store][k]; !has {
				w.t.Fatalf("store %d: the removal of %q was logged, but never its value", store, k)
			}
			delete(w.log[store], k)
			w.removed[store][k] = true
			return nil
		}
		w.log[store][k] = string(value)
		return nil
	}))
	w.ok(w.state.Apply([]byte("meta")))
	for i := range 2 {
		w.committed[i] = maps.Clone(w.live[i])
		if !maps.Equal(w.log[i], w.live[i]) {
			w.t.Fatalf("store %d: the changelog says %q, want %q", i, w.log[i], w.live[i])
		}
	}
	if w.budget.Dirty() != 0 {
		w.t.Fatalf("%d bytes are dirty after a commit", w.budget.Dirty())
	}
}

func (w *world) Crash(*rapid.T) {
	w.segment = false
	w.ok(w.state.Close())
	if w.budget.Used() != 0 || w.budget.Dirty() != 0 {
		w.t.Fatalf("%d bytes are used, %d dirty after close", w.budget.Used(), w.budget.Dirty())
	}
	w.open()
	w.back()
}

func (w *world) Discard(*rapid.T) {
	w.segment = false
	w.ok(w.state.Discard())
	w.back()
}

// Reopen makes the views again, over the database.
func (w *world) Reopen(*rapid.T) {
	w.Commit(nil)
	w.view()
}

func (w *world) back() {
	for i := range 2 {
		w.live[i] = maps.Clone(w.committed[i])
	}
}

// Check compares the windows that are open, which may have windows whose keys were all dropped.
func (w *world) Check(*rapid.T) {
	if charged, want := w.windows.Account(); charged != want {
		w.t.Fatalf("the windows are charged %d bytes, want %d", charged, want)
	}
	if charged, want := w.values.Account(); charged != want {
		w.t.Fatalf("the values are charged %d bytes, want %d", charged, want)
	}
	var starts []int64
	for start, found := w.windows.First(); found; start, found = w.windows.Next(start + 1) {
		starts = append(starts, start)
	}
	for key := range w.live[1] {
		if !slices.ContainsFunc(starts, func(s int64) bool { return windowKey(s, nil) == key[:8] }) {
			w.t.Fatalf("starts %v lack the window of %q", starts, key)
		}
	}
}

func TestState_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		actions := map[string]func(*rapid.T){
			"":              w.Check,
			"upsert value":  w.UpsertValue,
			"upsert window": w.UpsertWindow,
			"upsert many":   w.UpsertMany,
			"many windows":  w.UpsertManyWindows,
			"drop first":    w.DropFirst,
			"trim":          w.Trim,
			"get":           w.Get,
			"delete":        w.DeleteValue,
			"delete range":  w.DeleteRange,
			"drop":          w.Drop,
			"range":         w.Range,
			"ascend":        w.Ascend,
			"begin":         w.Begin,
			"rewind":        w.Rewind,
			"commit":        w.Commit,
			"crash":         w.Crash,
			"discard":       w.Discard,
			"reopen":        w.Reopen,
		}
		for range 3 {
			t.Repeat(actions)
		}
		w.ok(w.state.Close())
	})
}
