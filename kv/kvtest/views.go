package kvtest

import (
	"fmt"
	"maps"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// testViews drives Values and Windows over the engine at random, with commits,
// failed commits, crashes between any two steps of a commit, and budgets that are
// far too small, and compares with plain maps.
func testViews(t *testing.T, e kv.Engine) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{rt: rt, t: t, engine: e, dir: t.TempDir(), now: newContents()}
		w.budget.Limit = rapid.SampledFrom([]int64{1, 4000, 40_000, 1 << 20}).Draw(rt, "limit")
		w.open()
		defer func() { _ = w.state.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"upsert":       w.upsert,
			"upsert many":  w.upsertMany,
			"many windows": w.upsertManyWindows,
			"drop first":   w.dropFirst,
			"trim":         w.trim,
			"begin":        w.begin,
			"rewind":       w.rewind,
			"delete":       w.delete,
			"delete range": w.deleteRange,
			"get":          w.get,
			"range":        w.ranged,
			"upsert pane":  w.upsertPane,
			"get pane":     w.getPane,
			"ascend":       w.ascend,
			"drop":         w.drop,
			"drop through": w.dropThrough,
			"commit":       w.commit,
			"fail":         w.failCommit,
			"crash":        w.crash,
			"restore":      w.restore,
			"":             w.starts,
		})
	})
}

// contents are the entries of two stores.
type contents struct {
	values map[string]string
	panes  map[int64]map[string]int64
}

func newContents() contents {
	return contents{map[string]string{}, map[int64]map[string]int64{}}
}

// A change is a record of a changelog.
type change struct {
	store   int
	key     string
	value   []byte
	deleted bool
}

// A world is a task's state, its changelogs, and the contents that both must have.
type world struct {
	rt     *rapid.T
	t      *testing.T
	engine kv.Engine
	dir    string
	budget kv.Budget

	state  *kv.State
	values *kv.Values[string]
	panes  *kv.Windows[int64]

	now contents
	log []change

	segment bool // one is open
	before  contents
}

func (w *world) ok(err error) {
	w.rt.Helper()
	if err != nil {
		w.rt.Fatal(err)
	}
}

// open opens the state and replays the changelogs from its meta record on.
func (w *world) open() {
	stores := []string{"values", "panes"}
	db, err := w.engine.Open(w.dir, stores)
	w.ok(err)
	w.state = kv.NewState(db, stores, &w.budget)
	w.replay()
	text, _ := serde.For[string]()
	number, _ := serde.For[int64]()
	w.values = kv.NewValues(w.state, 0, text)
	w.panes, err = kv.NewWindows(w.state, 1, number)
	w.ok(err)
}

func (w *world) replay() {
	meta, err := w.state.Meta()
	w.ok(err)
	position, _ := strconv.Atoi(string(meta))
	for i, c := range w.log[position:] {
		value := c.value
		if c.deleted {
			value = nil
		}
		w.ok(w.state.Replay(c.store, []byte(c.key), value))
		if w.state.ReplayDue() {
			w.ok(w.state.ApplyReplay(strconv.AppendInt(nil, int64(position+i+1), 10)))
		}
	}
	w.ok(w.state.ApplyReplay(w.meta()))
	w.now = w.replayed()
}

func (w *world) meta() []byte { return strconv.AppendInt(nil, int64(len(w.log)), 10) }

// replayed returns the contents of the changelogs.
func (w *world) replayed() contents {
	c := newContents()
	for _, r := range w.log {
		if r.store == 0 {
			if r.deleted {
				delete(c.values, r.key)
			} else {
				c.values[r.key] = string(r.value)
			}
			continue
		}
		c.replayPane(w.rt, r)
	}
	return c
}

func (c contents) replayPane(rt *rapid.T, r change) {
	start, key := splitPane(r.key)
	if r.deleted {
		delete(c.panes[start], key)
		if len(c.panes[start]) == 0 {
			delete(c.panes, start)
		}
		return
	}
	n, err := strconv.ParseInt(fmt.Sprintf("%x", r.value), 16, 64)
	if err != nil {
		rt.Fatal(err)
	}
	c.set(start, key, n)
}

func (c contents) set(start int64, key string, n int64) {
	if c.panes[start] == nil {
		c.panes[start] = map[string]int64{}
	}
	c.panes[start][key] = n
}

// prepare collects and checks the records of a commit: each key once, and tombstones
// only for existing keys.
func (w *world) prepare() (logged []change) {
	w.keep()
	seen := map[string]bool{}
	before := w.replayed()
	w.ok(w.state.Prepare(func(store int, key, value []byte) error {
		id := fmt.Sprintf("%d %q", store, key)
		if seen[id] {
			w.rt.Fatalf("%s is logged twice", id)
		}
		seen[id] = true
		if value == nil && !before.has(store, string(key)) {
			w.rt.Fatalf("a tombstone for %s, which the changelog doesn't have", id)
		}
		logged = append(logged, change{store, string(key), append([]byte{}, value...), value == nil})
		return nil
	}))
	return logged
}

func (c contents) has(store int, key string) (found bool) {
	if store == 0 {
		_, found = c.values[key]
		return found
	}
	start, key := splitPane(key)
	_, found = c.panes[start][key]
	return found
}

func (w *world) commit(*rapid.T) {
	w.log = append(w.log, w.prepare()...)
	w.sameAsLog()
	w.ok(w.state.Apply(w.meta()))
	if w.budget.Dirty() != 0 {
		w.rt.Fatalf("%d bytes are dirty after a commit", w.budget.Dirty())
	}
}

func (w *world) sameAsLog() {
	c := w.replayed()
	if !maps.Equal(c.values, w.now.values) || !maps.EqualFunc(c.panes, w.now.panes, maps.Equal[map[string]int64]) {
		w.rt.Fatalf("the changelog says\n%v, the state should be\n%v", c, w.now)
	}
}

// failCommit is a transaction that fails.
func (w *world) failCommit(*rapid.T) {
	w.prepare()
	w.ok(w.state.Discard())
	w.now = w.replayed()
}

// crash is one before, in, or after a commit.
func (w *world) crash(*rapid.T) {
	if rapid.IntRange(0, 3).Draw(w.rt, "in four") > 0 {
		return // it takes long
	}
	if rapid.Bool().Draw(w.rt, "after the transaction") {
		w.log = append(w.log, w.prepare()...)
	}
	w.close()
	w.open()
}

func (w *world) close() {
	w.segment = false
	w.ok(w.state.Close())
}

// restore begins with an empty database, as on another machine.
func (w *world) restore(*rapid.T) {
	if rapid.IntRange(0, 9).Draw(w.rt, "in ten") > 0 {
		return
	}
	w.close()
	w.dir = w.t.TempDir()
	w.open()
}
