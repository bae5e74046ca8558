package kvtest

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// entries is how many entries there are in all of the windows of benchmarkManyWindows.
const entries = 1_000_000

// benchmarkManyWindows counts records of random windows and keys, evicting as a container
// does between its other work. The number of entries is the same for any number of windows.
func benchmarkManyWindows(b *testing.B, e kv.Engine, limit int64, windows int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := openBench(b, e, limit)
	number, _ := serde.For[int64]()
	w, err := kv.NewWindows(c.state, 0, number)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	key := make([]byte, 16)
	upsert := func(i, window, k int) {
		binary.BigEndian.PutUint64(key[8:], uint64(k))
		v, _, err := w.Upsert(int64(window)*60_000, key)
		if err != nil {
			b.Fatal(err)
		}
		*v++
		if i%stepEvery == 0 {
			c.trim()
		}
		if i%commitEvery == 0 || i%100 == 0 && c.budget.CommitDue() {
			c.commit()
		}
	}
	for i := range entries {
		upsert(i+1, i%windows, i/windows)
	}
	c.begin()
	for i := 1; b.Loop(); i++ {
		upsert(i, rng.IntN(windows), rng.IntN(entries/windows))
	}
	c.report()
	b.ReportMetric(float64(c.slowest.Microseconds())/1000, "slowest-trim-ms")
}

// stepEvery is how many records there are between two steps of eviction.
const stepEvery = 8192

// trim takes a step of eviction if there is one to take, and more while memory is full.
func (c *commits) trim() {
	for first := true; c.budget.Trimming() && (first || c.budget.Full()); first = false {
		began := ThreadTime()
		c.budget.Trim()
		c.slowest = max(c.slowest, ThreadTime()-began)
	}
}
