package kvtest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// Benchmark measures an engine below State: time and allocations for each record,
// what is logged for it, and the CPU time of the process, background threads
// included.
func Benchmark(b *testing.B, newEngine func(b *testing.B) kv.Engine) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("Values/zipf-%dk", n/1000), func(b *testing.B) { benchmarkValues(b, newEngine(b), n) })
	}
	b.Run("Windows", func(b *testing.B) { benchmarkWindows(b, newEngine(b)) })
	for _, n := range []int{1000, 200_000} {
		b.Run(fmt.Sprintf("ManyWindows/%d", n), func(b *testing.B) { benchmarkManyWindows(b, newEngine(b), 256<<20, n) })
	}
	b.Run("Replay/again", func(b *testing.B) { benchmarkReplay(b, newEngine(b), 200_000) })
	b.Run("Replay/new", func(b *testing.B) { benchmarkReplay(b, newEngine(b), 1<<62) })
}

// commitEvery is how many records there are between two commits.
const commitEvery = 100_000

func keys(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, "user-%011d", i)
	}
	return all
}

// zipf returns which keys the records of a benchmark have.
func zipf(n int) []uint32 {
	z := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.01, 1, uint64(n-1))
	picks := make([]uint32, 1<<20)
	for i := range picks {
		// Spread the frequent ones.
		picks[i] = uint32(z.Uint64() * 2_654_435_761 % uint64(n))
	}
	return picks
}

type commits struct {
	b       *testing.B
	state   *kv.State
	budget  *kv.Budget
	logged  int
	cpu     time.Duration // of the process, before
	slowest time.Duration // step of eviction
}

func openBench(b *testing.B, engine kv.Engine, limit int64) *commits {
	db, err := engine.Open(b.TempDir(), []string{"store"})
	if err != nil {
		b.Fatal(err)
	}
	c := &commits{b: b, budget: &kv.Budget{Limit: limit}}
	c.state = kv.NewState(db, []string{"store"}, c.budget)
	b.Cleanup(func() {
		if err := c.state.Close(); err != nil {
			b.Error(err)
		}
	})
	return c
}

func (c *commits) commit() {
	err := c.state.Prepare(func(int, []byte, []byte) error { c.logged++; return nil })
	if err == nil {
		err = c.state.Apply([]byte("meta"))
	}
	if err != nil {
		c.b.Fatal(err)
	}
}

func (c *commits) begin() {
	c.b.ReportAllocs()
	c.logged, c.cpu = 0, cpuTime()
}

func (c *commits) report() {
	c.b.ReportMetric(float64(c.logged)/float64(c.b.N), "logged/op")
	c.b.ReportMetric(float64(cpuTime()-c.cpu)/float64(c.b.N), "cpu-ns/op")
}

// benchmarkValues counts records by key.
func benchmarkValues(b *testing.B, e kv.Engine, n int) {
	c := openBench(b, e, 256<<20)
	number, _ := serde.For[int64]()
	values := kv.NewValues(c.state, 0, number)
	all, picks := keys(n), zipf(n)
	c.begin()
	for i := 0; b.Loop(); i++ {
		v, _, err := values.Upsert(all[picks[i%len(picks)]])
		if err != nil {
			b.Fatal(err)
		}
		*v++
		if (i+1)%commitEvery == 0 {
			c.commit()
		}
	}
	c.report()
}

// benchmarkWindows counts records by user and minute, at 2,000 records for each
// second of event time, and closes a window when the next but one begins.
func benchmarkWindows(b *testing.B, e kv.Engine) {
	c := openBench(b, e, 256<<20)
	number, _ := serde.For[int64]()
	windows, err := kv.NewWindows(c.state, 0, number)
	if err != nil {
		b.Fatal(err)
	}
	all, picks := keys(100_000), zipf(100_000)
	sum := int64(0)
	c.begin()
	for i := 0; b.Loop(); i++ {
		minute := int64(i/120_000) * 60_000
		v, _, err := windows.Upsert(minute, all[picks[i%len(picks)]])
		if err != nil {
			b.Fatal(err)
		}
		*v++
		if (i+1)%120_000 == 0 && i > 120_000 {
			closeWindow(b, windows, &sum)
		}
		if (i+1)%commitEvery == 0 {
			c.commit()
		}
	}
	c.report()
}

func closeWindow(b *testing.B, windows *kv.Windows[int64], sum *int64) {
	start, _ := windows.First()
	err := windows.Ascend(start, nil, func(key []byte, v *int64) (bool, error) {
		*sum += *v
		return true, nil
	})
	if err == nil {
		err = windows.Drop(start, nil)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// benchmarkReplay restores a store of at most n keys from a changelog that has them in
// no order.
func benchmarkReplay(b *testing.B, e kv.Engine, n uint64) {
	c := openBench(b, e, 64<<20)
	key, value := make([]byte, 16), make([]byte, 100)
	rng := rand.New(rand.NewPCG(3, 4))
	b.SetBytes(int64(len(key) + len(value)))
	c.begin()
	for b.Loop() {
		binary.BigEndian.PutUint64(key, rng.Uint64N(n))
		if err := c.state.Replay(0, key, value); err != nil {
			b.Fatal(err)
		}
		if c.state.ReplayDue() {
			if err := c.state.ApplyReplay([]byte("meta")); err != nil {
				b.Fatal(err)
			}
		}
	}
	c.report()
}
