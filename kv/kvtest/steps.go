package kvtest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
)

// splitPane returns the start and the rest of a key of a window store.
func splitPane(key string) (start int64, rest string) {
	return int64(binary.BigEndian.Uint64([]byte(key)) ^ 1<<63), key[8:]
}

func (w *world) key() []byte {
	return []byte(rapid.SampledFrom([]string{"", "a", "ab", "b", "common prefix 1", "common prefix 2", "m-01", "m-40", "\xff"}).Draw(w.rt, "key"))
}

func (w *world) start() int64 {
	return rapid.SampledFrom([]int64{-1 << 63, -60, 0, 60, 120}).Draw(w.rt, "start")
}

func (w *world) upsert(*rapid.T) { w.upsertKey(w.key()) }

func (w *world) upsertKey(key []byte) {
	v, existed, err := w.values.Upsert(key)
	w.ok(err)
	want, exists := w.now.values[string(key)]
	if existed != exists || *v != want {
		w.rt.Fatalf("upsert of %q finds %q %v, want %q %v", key, *v, existed, want, exists)
	}
	*v += rapid.SampledFrom([]string{"", "x", "yy"}).Draw(w.rt, "value")
	w.now.values[string(key)] = *v
}

// upsertMany makes tables grow and ranges worth deleting at once.
func (w *world) upsertMany(*rapid.T) {
	start := w.start()
	for i := range 100 {
		key := fmt.Appendf(nil, "m-%02d", i)
		w.upsertPaneKey(start, key)
	}
}

// upsertManyWindows makes most windows be in the database only, if the limit is low.
func (w *world) upsertManyWindows(*rapid.T) {
	step := rapid.SampledFrom([]int64{1, -1, 7}).Draw(w.rt, "step")
	for i := range int64(50) {
		w.upsertPaneKey(1000+i*step, []byte("a"))
	}
}

// dropFirst drops the first windows, as a watermark does.
func (w *world) dropFirst(*rapid.T) {
	for range rapid.IntRange(1, 40).Draw(w.rt, "windows") {
		start, found := w.panes.First()
		if !found {
			return
		}
		w.ok(w.panes.Drop(start, nil))
		delete(w.now.panes, start)
	}
}

// begin begins a segment, which takes many steps.
func (w *world) begin(*rapid.T) {
	w.keep()
	w.segment, w.before = true, w.now.clone()
	w.state.Undo.Begin(kv.UndoSaves)
}

// keep ends a segment.
func (w *world) keep() {
	if w.segment {
		w.segment = false
		w.state.Undo.Keep()
	}
}

// rewind takes a segment back.
func (w *world) rewind(*rapid.T) {
	if w.segment {
		w.ok(w.state.Undo.Rewind())
		w.segment, w.now = false, w.before
	}
}

func (c contents) clone() contents {
	panes := make(map[int64]map[string]int64)
	for start, window := range c.panes {
		panes[start] = maps.Clone(window)
	}
	return contents{maps.Clone(c.values), panes}
}

// trim evicts between any other steps.
func (w *world) trim(*rapid.T) {
	w.keep()
	for w.budget.Trimming() {
		w.budget.Trim()
	}
}

func (w *world) upsertPane(*rapid.T) { w.upsertPaneKey(w.start(), w.key()) }

func (w *world) upsertPaneKey(start int64, key []byte) {
	v, existed, err := w.panes.Upsert(start, key)
	w.ok(err)
	want, exists := w.now.panes[start][string(key)]
	if existed != exists || *v != want {
		w.rt.Fatalf("upsert of %d %q finds %d %v, want %d %v", start, key, *v, existed, want, exists)
	}
	*v++
	w.now.set(start, string(key), *v)
}

func (w *world) delete(*rapid.T) {
	key := w.key()
	w.ok(w.values.Delete(key))
	delete(w.now.values, string(key))
}

func (w *world) deleteRange(*rapid.T) {
	from, to := w.key(), w.key()
	if len(to) == 0 {
		return
	}
	w.ok(w.values.DeleteRange(from, to))
	maps.DeleteFunc(w.now.values, func(key, _ string) bool { return key >= string(from) && key < string(to) })
}

func (w *world) get(*rapid.T) {
	key := w.key()
	v, found, err := w.values.Get(key)
	w.ok(err)
	want, exists := w.now.values[string(key)]
	if found != exists || found && *v != want {
		w.rt.Fatalf("get of %q finds %v, want %q %v", key, found, want, exists)
	}
}

func (w *world) getPane(*rapid.T) {
	start, key := w.start(), w.key()
	v, found, err := w.panes.Get(start, key)
	w.ok(err)
	want, exists := w.now.panes[start][string(key)]
	if found != exists || found && *v != want {
		w.rt.Fatalf("get of %d %q finds %v, want %d %v", start, key, found, want, exists)
	}
}

func (w *world) ranged(*rapid.T) {
	from, to := w.key(), w.key()
	if len(to) == 0 {
		to = nil
	}
	limit := rapid.IntRange(1, 12).Draw(w.rt, "limit")
	var got, want []string
	w.ok(w.values.Range(from, to, func(key []byte, v *string) (bool, error) {
		got = append(got, string(key)+"="+*v)
		return len(got) < limit, nil
	}))
	for _, key := range slices.Sorted(maps.Keys(w.now.values)) {
		if key >= string(from) && (to == nil || key < string(to)) && len(want) < limit {
			want = append(want, key+"="+w.now.values[key])
		}
	}
	if !slices.Equal(got, want) {
		w.rt.Fatalf("[%q, %q) is %q, want %q", from, to, got, want)
	}
}

func (w *world) ascend(*rapid.T) {
	start := w.start()
	var after []byte
	if rapid.Bool().Draw(w.rt, "from the middle") {
		after = w.key()
	}
	limit := rapid.IntRange(1, 120).Draw(w.rt, "limit")
	var got, want []string
	w.ok(w.panes.Ascend(start, after, func(key []byte, v *int64) (bool, error) {
		got = append(got, fmt.Sprint(string(key), "=", *v))
		return len(got) < limit, nil
	}))
	for _, key := range slices.Sorted(maps.Keys(w.now.panes[start])) {
		if (after == nil || key > string(after)) && len(want) < limit {
			want = append(want, fmt.Sprint(key, "=", w.now.panes[start][key]))
		}
	}
	if !slices.Equal(got, want) {
		w.rt.Fatalf("window %d after %q is %q, want %q", start, after, got, want)
	}
}

func (w *world) drop(*rapid.T) {
	start := w.start()
	w.ok(w.panes.Drop(start, nil))
	delete(w.now.panes, start)
}

func (w *world) dropThrough(*rapid.T) {
	start, through := w.start(), w.key()
	w.ok(w.panes.Drop(start, through))
	maps.DeleteFunc(w.now.panes[start], func(key string, _ int64) bool { return key <= string(through) })
	if len(w.now.panes[start]) == 0 {
		delete(w.now.panes, start)
	}
}

// starts checks that each window with entries is listed. A window whose keys were all
// dropped may be listed, too.
func (w *world) starts(*rapid.T) {
	var starts []int64
	for start, found := w.panes.First(); found; start, found = w.panes.Next(start + 1) {
		starts = append(starts, start)
	}
	for start := range w.now.panes {
		if !slices.Contains(starts, start) {
			w.rt.Fatalf("window %d isn't among %d", start, starts)
		}
	}
}
