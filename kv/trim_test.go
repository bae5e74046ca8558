package kv_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/kv/kvtest"
)

// upsertWindows counts a key in each of many windows.
func (f *fixture) upsertWindows(n int) {
	f.Helper()
	for start := range int64(n) {
		v, _, err := f.windows.Upsert(start, []byte("key"))
		f.must(err)
		*v++
	}
}

// trimAll evicts all that is to be evicted, and returns the number of steps and the CPU time
// of the slowest.
func (f *fixture) trimAll() (steps int, slowest time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for f.budget.Trimming() {
		began := kvtest.ThreadTime()
		f.budget.Trim()
		slowest = max(slowest, kvtest.ThreadTime()-began)
		steps++
	}
	return steps, slowest
}

func TestTrim_ManyWindowsInShortSteps(t *testing.T) {
	const limit, n = 96 << 20, 200_000
	f := newFixture(t, limit)
	f.upsertWindows(n)
	if used := f.budget.Used(); used < n*300 {
		t.Errorf("%d windows are charged %d bytes: their own overhead doesn't count", n, used)
	}
	for i := range 100_000 { // values that point elsewhere, in a large table
		f.set(fmt.Sprint("key-", i), strings.Repeat("x", 20))
	}
	f.commit()
	f.budget.Limit = limit / 8
	f.must(f.state.Prepare(nil))
	f.must(f.state.Apply([]byte("m")))
	steps, slowest := f.trimAll()
	if used := f.budget.Used(); used > limit/8 {
		t.Errorf("%d bytes are used of %d", used, limit/8)
	}
	if steps < 3 || steps > n/1000 {
		t.Errorf("%d steps to evict most of %d windows", steps, n)
	}
	if slowest > 20*time.Millisecond && !raceDetector {
		t.Errorf("a step took %v of CPU", slowest)
	}
	for _, start := range []int64{0, 1, n / 2, n - 1} {
		if v, found, err := f.windows.Get(start, []byte("key")); err != nil || !found || *v != 1 {
			t.Errorf("window %d: %v %v %v", start, v, found, err)
		}
	}
}

// What was used last stays, also where only one key of each window was.
func TestTrim_EvictsWindowsUsedLeastRecently(t *testing.T) {
	const n = 20_000
	f := newFixture(t, 64<<20)
	f.upsertWindows(n)
	f.commit()
	charged, _ := f.windows.Account()
	evictTo := func(windows int64) {
		f.budget.Limit = charged / n * windows * 4 / 3
		f.commit()
		f.trimAll()
		if used, limit := f.budget.Used(), f.budget.Limit; used > limit {
			t.Errorf("%d bytes are used of %d", used, limit)
		}
	}
	use := func() {
		for start := int64(n / 2); start < n/2+2000; start++ {
			_, _, err := f.windows.Get(start, []byte("key"))
			f.must(err)
		}
	}
	evictTo(n * 3 / 4)
	use()
	evictTo(n / 3)
	f.db.gets = 0
	use()
	if f.db.gets > 0 {
		t.Errorf("%d of 2000 windows in use were evicted", f.db.gets)
	}
}

// While entries can be evicted without a commit, a commit isn't due: it would be the first
// of very many.
func TestTrim_NoCommitIsDueMeanwhile(t *testing.T) {
	f := newFixture(t, 8<<20)
	f.budget.SetStep(100)
	f.upsertWindows(50_000)
	if !f.budget.CommitDue() || f.budget.Full() {
		t.Error("no commit is due though only dirty entries fill the memory")
	}
	f.commit()
	if f.budget.CommitDue() || !f.budget.Full() {
		t.Error("a commit is due though clean entries can be evicted")
	}
	f.trimAll()
	if f.budget.CommitDue() || f.budget.Full() || f.budget.InUse() > f.budget.Limit*3/4 {
		t.Errorf("%d bytes are used after eviction", f.budget.Used())
	}
}

// Memory of a large table is freed in steps, and used again.
func TestTrim_FreesLargeTableInSteps(t *testing.T) {
	f := newFixture(t, 64<<20)
	f.count(0, 100_000)
	f.commit()
	before := f.budget.Used()
	f.must(f.windows.Drop(0, nil))
	f.budget.SetStep(10 * 16)
	f.commit()
	if inUse, _ := f.windows.Account(); inUse > 0 {
		t.Errorf("%d bytes are in use after the only window was dropped", inUse)
	}
	steps, _ := f.trimAll()
	if steps < 10 || f.budget.Used() < before/2 {
		t.Errorf("%d of %d bytes are kept, freed in %d steps", f.budget.Used(), before, steps)
	}
	f.count(1, 100_000)
	if used := f.budget.Used(); used > before*11/10 {
		t.Errorf("%d bytes are used, and %d by the same window before", used, before)
	}
}
