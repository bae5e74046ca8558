package metrics_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gretestream/grete/metrics"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file, or writes the file with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it. Got:\n%s", file, got)
	}
}

// A clock is advanced by the test.
type clock struct{ now time.Time }

func newClock() *clock {
	return &clock{time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
}

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

// ago returns a time before now, in ms since 1970.
func (c *clock) ago(d time.Duration) int64 { return c.now.Add(-d).UnixMilli() }

func newRegistry(c *clock) *metrics.Registry {
	return metrics.NewRegistry(metrics.Config{
		App: "pageviews", Fingerprint: "5f2c", Now: c.Now,
		Build: metrics.Build{Version: "v0.1.0", Revision: "abc", Go: "go1.27.3"},
	})
}

// countingLoop returns the loop of a windowed stage with every counter set.
func countingLoop(c *clock) *metrics.Loop {
	l := &metrics.Loop{
		Phases:        metrics.Phases{Poll: 1e9, Process: 2.5e9, Commit: 25e7, Idle: 6e9},
		Turns:         1000,
		Rebalances:    3,
		BufferedBytes: 4096,
		CacheBytes:    1 << 20, CacheDirtyBytes: 1 << 10, CacheLimitBytes: 64 << 20,
		Tasks: []*metrics.Task{{
			ID: 3, State: metrics.TaskRunning, Watermark: c.ago(10 * time.Second),
			Inputs: []*metrics.Input{
				{Topic: "pageviews-by-user", Partition: 3, Repartition: true, Records: 90, Bytes: 9000, Skipped: 1, Next: 100, End: 142, Time: c.ago(1500 * time.Millisecond)},
			},
			Outputs:   []*metrics.Output{{Topic: "views-per-user", Records: 7, Bytes: 700}},
			Operators: []*metrics.Operator{{Name: "per-minute", Late: 2, Skipped: 1}},
			Stores: []*metrics.Store{{
				Name: "per-minute", DiskBytes: 5000, MemoryBytes: 600, RestoredRecords: 10, RestoredBytes: 1000, RestoreRecords: 5,
				Properties: []metrics.Property{{Name: "rocksdb.size-all-mem-tables", Value: 600}, {Name: "rocksdb.unknown", Value: 1}},
			}},
		}},
	}
	l.Committed(c.now.Add(-200*time.Millisecond), 20*time.Millisecond)
	return l
}
