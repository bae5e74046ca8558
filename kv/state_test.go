package kv_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A spy is a database that counts reads and keeps the last batch.
type spy struct {
	kv.Database
	gets int
	last []byte // batch, encoded
	fail error
}

func (s *spy) Get(store int, key []byte) ([]byte, bool, error) {
	s.gets++
	return s.Database.Get(store, key)
}

func (s *spy) Write(b *kv.Batch) error {
	s.last = append(s.last[:0], b.Encoded()...)
	if s.fail != nil {
		return s.fail
	}
	return s.Database.Write(b)
}

type fixture struct {
	*testing.T
	db      *spy
	budget  *kv.Budget
	state   *kv.State
	values  *kv.Values[string]
	windows *kv.Windows[int64]
	logged  []string
}

func newFixture(t *testing.T, limit int64) *fixture {
	t.Helper()
	stores := []string{"values", "windows"}
	db, err := memory.New(0).Open("", stores)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, db: &spy{Database: db}, budget: &kv.Budget{Limit: limit}}
	f.state = kv.NewState(f.db, stores, f.budget)
	f.open()
	t.Cleanup(func() { f.must(f.state.Close()) })
	return f
}

func (f *fixture) open() {
	f.Helper()
	text, _ := serde.For[string]()
	number, _ := serde.For[int64]()
	var err error
	f.values = kv.NewValues(f.state, 0, text)
	f.windows, err = kv.NewWindows(f.state, 1, number)
	f.must(err)
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) count(start int64, keys int) {
	f.Helper()
	for i := range keys {
		v, _, err := f.windows.Upsert(start, fmt.Appendf(nil, "user-%03d", i))
		f.must(err)
		*v++
	}
}

func (f *fixture) set(key, value string) {
	f.Helper()
	v, _, err := f.values.Upsert([]byte(key))
	f.must(err)
	*v = value
}

func (f *fixture) prepare() error {
	f.logged = nil
	return f.state.Prepare(func(store int, key, value []byte) error {
		f.logged = append(f.logged, fmt.Sprintf("%d %q %v", store, key, value == nil))
		return nil
	})
}

func (f *fixture) commit() {
	f.Helper()
	f.must(f.prepare())
	f.must(f.state.Apply([]byte("m")))
}

func TestWindow_DroppedBeforeCommitWritesNothing(t *testing.T) {
	f := newFixture(t, 0)
	f.count(0, 500)
	f.count(0, 500)
	f.must(f.windows.Ascend(0, nil, func([]byte, *int64) (bool, error) { return true, nil }))
	f.must(f.windows.Drop(0, []byte("user-100")))
	f.must(f.windows.Drop(0, nil))
	if f.budget.Dirty() != 0 {
		t.Errorf("%d bytes are dirty", f.budget.Dirty())
	}
	f.commit()
	if ops := operations(t, f.db.last); len(f.logged) > 0 || len(ops) != 1 || f.db.gets > 0 {
		t.Errorf("a window that ended before the commit: logged %q, written %q, %d reads", f.logged, ops, f.db.gets)
	}
}

func TestCache_CompleteNeedsNoReads(t *testing.T) {
	f := newFixture(t, 0)
	f.set("new in an empty store", "v")
	f.count(0, 10)
	f.commit()
	f.count(0, 20)
	f.commit()
	if f.db.gets > 0 {
		t.Errorf("%d reads for what is in the cache as a whole", f.db.gets)
	}
	f.open()
	f.count(0, 20)
	f.count(0, 20)
	if f.db.gets != 20 {
		t.Errorf("%d reads for a window of 20 keys that isn't", f.db.gets)
	}
}

func TestWindows_DeletesOfDroppedOnes(t *testing.T) {
	for _, c := range []struct {
		name   string
		keys   int
		starts []int64
		ops    string
	}{
		{"few keys are deleted one by one", 2, []int64{0}, "0x4 0x4 0x1"},
		{"many as a range", 100, []int64{0}, "0xe 0x1"},
		{"neighbours as one range", 100, []int64{2, 0, 1}, "0xe 0x1"},
		{"but not over what is left", 100, []int64{0, 2}, "0xe 0xe 0x1"},
	} {
		for _, reopened := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, reopened), func(t *testing.T) {
				f := newFixture(t, 0)
				for start := range int64(3) {
					f.count(start, c.keys)
				}
				f.commit()
				if reopened {
					f.open()
				}
				for _, start := range c.starts {
					f.must(f.windows.Drop(start, nil))
				}
				f.commit()
				var kinds []string
				for _, op := range operations(t, f.db.last) {
					kinds = append(kinds, strings.Fields(op)[0])
				}
				if got := strings.Join(kinds, " "); got != c.ops {
					t.Errorf("written %s, want %s", got, c.ops)
				}
				if n := c.keys * len(c.starts); len(f.logged) != n {
					t.Errorf("%d tombstones, want %d", len(f.logged), n)
				}
				if got := f.db.Stats().Keys; got != int64(c.keys*(3-len(c.starts))) {
					t.Errorf("%d keys are left", got)
				}
			})
		}
	}
}

func TestDelete_LogsTombstoneOnlyForLoggedKey(t *testing.T) {
	f := newFixture(t, 0)
	f.set("kept", "1")
	f.set("short", "1")
	f.must(f.values.Delete([]byte("short")))
	f.must(f.values.Delete([]byte("never")))
	f.commit()
	if len(f.logged) != 1 {
		t.Errorf("logged %q", f.logged)
	}
	f.must(f.values.Delete([]byte("kept")))
	f.commit()
	f.set("kept", "2")
	f.must(f.values.Delete([]byte("kept")))
	if f.commit(); len(f.logged) != 0 {
		t.Errorf("a second tombstone: %q", f.logged)
	}
}

// The cache stays within its budget, however much is read and written, if a commit comes
// when it is due.
func TestBudget_Bound(t *testing.T) {
	const limit = 1 << 20
	f := newFixture(t, limit)
	var most int64
	for round := range 3 {
		for i := range 20_000 {
			f.set(fmt.Sprintf("key-%06d", i), strings.Repeat("x", 100+round))
			f.count(int64(i/1000), 10)
			if most = max(most, f.budget.Used()); f.budget.CommitDue() {
				f.commit()
			}
		}
	}
	if most > limit*5/4 {
		t.Errorf("%d bytes were used of %d", most, limit)
	}
	if used := f.budget.Used(); used < limit/4 {
		t.Errorf("only %d bytes are used of %d: too much is evicted", used, limit)
	}
	f.must(f.state.Close())
	if f.budget.Used() != 0 || f.budget.Dirty() != 0 {
		t.Errorf("%d bytes are used, %d dirty after Close", f.budget.Used(), f.budget.Dirty())
	}
}

// Memory that is kept for the next window is freed when others need it.
func TestBudget_FreesIdleMemory(t *testing.T) {
	const limit = 1 << 20
	f := newFixture(t, limit)
	for n := 1000; f.budget.Used() < limit*8/10; n += 500 {
		f.count(0, n)
	}
	f.must(f.windows.Drop(0, nil))
	if f.budget.Used() < limit/2 {
		t.Errorf("of a dropped window only %d bytes are kept", f.budget.Used())
	}
	for i := range 1000 {
		f.set(fmt.Sprint(i), strings.Repeat("x", 500))
	}
	f.commit()
	if f.budget.Used() > limit {
		t.Errorf("%d bytes are used of %d after a commit", f.budget.Used(), limit)
	}
}

// A new key and one of known size both count as dirty; a moved entry counts once.
func TestBudget_CountsDirtyOnce(t *testing.T) {
	f := newFixture(t, 0)
	f.set("k", strings.Repeat("x", 1000))
	first := f.budget.Dirty()
	f.commit()
	f.set("k", strings.Repeat("x", 1000))
	if again := f.budget.Dirty(); first < 30 || again < first+1000 {
		t.Errorf("%d bytes were dirty of a new key, and %d of one whose size is known", first, again)
	}
	f.commit()
	// Promote everything: with large values each counted twice that would show.
	f = newFixture(t, 1<<20)
	for i := range 400 {
		f.set(fmt.Sprint(i), strings.Repeat("x", 1000))
	}
	f.set("filler", strings.Repeat("x", 200_000))
	f.commit()
	used := f.budget.Used()
	for i := range 400 {
		if _, found, err := f.values.Get(fmt.Append(nil, i)); err != nil || !found {
			t.Fatal(err)
		}
	}
	if now := f.budget.Used(); now > used+100_000 {
		t.Errorf("%d bytes were used, and %d when all was moved to the young generation", used, now)
	}
}

// Entries in use stay when the others are evicted.
func TestEviction_KeepsUsedKeys(t *testing.T) {
	f := newFixture(t, 1<<20)
	for round := range 20 {
		for i := range 500 {
			f.set(fmt.Sprintf("cold-%d-%d", round, i), strings.Repeat("x", 100))
		}
		f.db.gets = 0
		for i := range 100 {
			f.set(fmt.Sprintf("hot-%d", i), "y")
		}
		if f.db.gets > 0 && round > 0 {
			t.Errorf("%d of 100 keys in use were evicted before round %d", f.db.gets, round)
		}
		f.commit()
	}
	f.db.gets = 0
	if _, found, err := f.values.Get([]byte("cold-0-0")); err != nil || !found || f.db.gets != 1 {
		t.Errorf("a key from long ago: %v %v, %d reads; nothing was evicted?", found, err, f.db.gets)
	}
}

func TestState_RefusesWrongOrder(t *testing.T) {
	f := newFixture(t, 0)
	f.set("k", "v")
	f.must(f.prepare())
	if f.prepare() == nil {
		t.Error("a second Prepare would lose what the first has logged")
	}
	if f.state.ApplyReplay(nil) == nil {
		t.Error("a replay amid a commit")
	}
	if f.state.Replay(0, []byte("k"), []byte("w")) == nil {
		t.Error("a replay below a cache")
	}
	f.must(f.state.Discard())
	if _, found, _ := f.values.Get([]byte("k")); found {
		t.Error("a discarded value is found")
	}
	f.db.fail = errors.New("no space left")
	f.set("k", "v")
	f.must(f.prepare())
	if err := f.state.Apply(nil); !errors.Is(err, f.db.fail) {
		t.Errorf("Apply returns %v", err)
	}
}

func TestState_ErrClosedAfterClose(t *testing.T) {
	f := newFixture(t, 0)
	f.set("k", "v")
	f.count(0, 3)
	f.commit()
	f.must(f.state.Close())
	nothing := func([]byte, *int64) (bool, error) { return true, nil }
	_, _, upsert := f.values.Upsert([]byte("k"))
	_, _, get := f.values.Get([]byte("k"))
	_, _, upsertWindow := f.windows.Upsert(0, []byte("k"))
	_, _, getWindow := f.windows.Get(0, []byte("k"))
	for name, err := range map[string]error{
		"Upsert": upsert, "Get": get, "Delete": f.values.Delete([]byte("k")),
		"Range":         f.values.Range(nil, nil, func([]byte, *string) (bool, error) { return true, nil }),
		"Window.Upsert": upsertWindow, "Window.Get": getWindow,
		"Ascend": f.windows.Ascend(0, nil, nothing), "Drop": f.windows.Drop(0, nil),
		"Prepare": f.prepare(), "Apply": f.state.Apply(nil), "Discard": f.state.Discard(),
		"Replay": f.state.Replay(0, nil, nil), "ApplyReplay": f.state.ApplyReplay(nil), "Flush": f.state.Flush(),
	} {
		if !errors.Is(err, stream.ErrClosed) {
			t.Errorf("%s after Close returns %v", name, err)
		}
	}
}

// Windows are found in the database, whether they have few entries or many.
func TestWindows_FoundAgain(t *testing.T) {
	f := newFixture(t, 0)
	for start, keys := range []int{1, 16, 17, 18, 40, 2, 500} {
		f.count(int64(start), keys)
	}
	f.count(math.MaxInt64, 30)
	f.commit()
	f.open()
	var starts []int64
	for start, found := f.windows.First(); found && start < math.MaxInt64; start, found = f.windows.Next(start + 1) {
		starts = append(starts, start)
	}
	if want := []int64{0, 1, 2, 3, 4, 5, 6}; !slices.Equal(starts, want) {
		t.Errorf("found %d, want %d", starts, want)
	}
	if last, found := f.windows.Next(7); !found || last != math.MaxInt64 {
		t.Errorf("the last window is %d %v", last, found)
	}
}

// The error of a value that can't be decoded names its store and key.
func TestGet_UndecodableNamesStoreAndKey(t *testing.T) {
	f := newFixture(t, 0)
	b := f.db.NewBatch()
	b.Put(1, []byte("\x80\x00\x00\x00\x00\x00\x00\x00key"), []byte("not 8 bytes long"))
	f.must(f.db.Write(b))
	f.open()
	if _, _, err := f.windows.Upsert(0, []byte("key")); err == nil || !strings.Contains(err.Error(), `"key"`) {
		t.Errorf("the error is %v", err)
	}
	b.Put(1, []byte("short"), nil)
	f.must(f.db.Write(b))
	number, _ := serde.For[int64]()
	if _, err := kv.NewWindows(f.state, 1, number); err == nil || !strings.Contains(err.Error(), "windows") {
		t.Errorf("the error of a key that is none is %v", err)
	}
}

func TestUpsert_AllocatesNothing(t *testing.T) {
	f := newFixture(t, 0)
	f.set("k", "v")
	f.count(0, 100)
	key, one := []byte("user-050"), []byte("k")
	n := testing.AllocsPerRun(1000, func() {
		v, _, _ := f.windows.Upsert(0, key)
		*v++
		_, _, _ = f.values.Upsert(one)
		_, _ = f.windows.First()
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
