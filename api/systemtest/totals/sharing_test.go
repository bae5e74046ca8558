//go:build real && unix

package totals

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

const (
	sharedPartitions = 8
	sharedAccounts   = 80
	sharedStages     = 2
	sharedTasks      = sharedPartitions * sharedStages
	sessionTimeout   = 6 * time.Second // the least that brokers allow by default
)

// processes are processes of the program that share its tasks.
type processes struct {
	*testing.T
	c     program.Cluster
	path  string
	dirs  string
	args  []string
	tasks []map[string]float64 // by process: of each of its tasks, the records read
	all   []*program.Process
}

// add starts another process.
func (w *processes) add() *program.Process {
	w.Helper()
	p := program.Start(w, w.path, append(slices.Clone(w.args), "-kafka", w.c.Address(), "-data", filepath.Join(w.dirs, fmt.Sprint(len(w.all))),
		"-commit-interval", "100ms", "-session-timeout", sessionTimeout.String())...)
	w.c.Await("the HTTP API of a process", func() bool { return p.Serves() || p.Ended() })
	w.all, w.tasks = append(w.all, p), append(w.tasks, nil)
	return p
}

// update reads the tasks of each process. A task that stays must not have been reopened.
func (w *processes) update() {
	w.Helper()
	for i, p := range w.all {
		if p.Ended() {
			w.tasks[i] = nil
			continue
		}
		now := p.ByTask(w, "grete_input_records_total")
		for task, n := range now {
			if before, ok := w.tasks[i][task]; ok && n < before {
				w.Errorf("process %d: %s has read %v records, after %v before: it was reopened", i, task, n, before)
			}
		}
		w.tasks[i] = now
	}
}

// awaitShares waits until all tasks have an owner, and each process an equal share, as far
// as possible. It returns how long that takes, and how many tasks haven't moved.
func (w *processes) awaitShares(what string, before []map[string]float64) (took time.Duration, kept int) {
	w.Helper()
	began := time.Now()
	w.c.Await(what, func() bool {
		w.update()
		var parts []int
		owned := 0
		for i, p := range w.all {
			if !p.Ended() {
				parts = append(parts, len(w.tasks[i]))
				owned += len(w.tasks[i])
			}
		}
		return owned == sharedTasks && slices.Max(parts)-slices.Min(parts) <= sharedStages
	})
	took = time.Since(began)
	for i := range before {
		for task := range w.tasks[i] {
			if _, ok := before[i][task]; ok {
				kept++
			}
		}
	}
	return took, kept
}

// awaitResults waits until each partition of the output has new results, more than were in
// flight.
func (w *processes) awaitResults() time.Duration {
	w.Helper()
	began := time.Now()
	before := w.c.CommittedEnds(output)
	w.c.Await("new results of all tasks", func() bool {
		w.update()
		for p, end := range w.c.CommittedEnds(output) {
			if end <= before[p]+fireRate/sharedPartitions {
				return false
			}
		}
		return true
	})
	return time.Since(began)
}

// Processes start and end under load: one, two, four, three, one. Each balance is written
// once; tasks that needn't move stay open; the tasks of a stopped process move at once,
// those of a killed one when its session ends.
func TestSharing_WritesEachBalanceOnce(t *testing.T) {
	t.Parallel()
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, sharedPartitions, nil)
	c.CreateTopic(t, output, sharedPartitions, nil)
	w := &processes{T: t, c: c, path: program.Build(t, "totals"), dirs: t.TempDir(), args: []string{"-memory", "64MB"}}
	var paid []Payment
	feed := c.Feed(input, sharedPartitions, fireRate, func(yield func([]byte) bool) {
		for p := range payments(sharedPartitions, sharedAccounts) {
			paid = append(paid, p)
			if !yield(program.Encode(t, p)) {
				return
			}
		}
	})
	first := w.add()
	w.awaitShares("one process to have all tasks", nil)
	before := slices.Clone(w.tasks)
	second := w.add()
	took, kept := w.awaitShares("two processes to share", before)
	t.Logf("a second process has its share after %v", took)
	if kept != sharedTasks/2 {
		t.Errorf("the first of two keeps %d of its tasks", kept)
	}
	before = slices.Clone(w.tasks)
	third, fourth := w.add(), w.add()
	took, kept = w.awaitShares("four processes to share", before)
	t.Logf("a third and a fourth process have theirs after %v", took)
	if kept != sharedTasks/2 {
		t.Errorf("the first two of four keep %d of their tasks", kept)
	}
	w.awaitResults()
	before, stayed := slices.Clone(w.tasks), w.tasks[0]

	killed := time.Now()
	fourth.Kill()
	_ = fourth.Wait()
	took = w.awaitResults()
	t.Logf("one process was killed: new results of all tasks after %v", took)
	if took > sessionTimeout+5*time.Second {
		t.Errorf("the takeover took too long for a session timeout of %v", sessionTimeout)
	}
	_, kept = w.awaitShares("three processes to share", before)
	if kept != sharedTasks*3/4 {
		t.Errorf("three of four keep %d of their tasks", kept)
	}

	third.Stop()
	second.Stop()
	for _, p := range []*program.Process{third, second} {
		if err := p.Wait(); err != nil {
			t.Errorf("%v\n%s", err, p.Messages())
		}
	}
	took = w.awaitResults()
	t.Logf("two processes were stopped: new results of all tasks after %v", took)
	if took > sessionTimeout {
		t.Errorf("the tasks of a stopped process must move at once")
	}

	paid = paid[:feed.Stop()]
	want := balancesAfter(paid)
	c.Await("all results", func() bool { return c.Ends(output) >= int64(len(want)) && len(c.Read(output)) >= len(want) })
	first.Stop()
	if err := first.Wait(); err != nil {
		t.Errorf("%v\n%s", err, first.Messages())
	}
	records := c.ReadAll(output)
	got := balances(t, records)
	checkOrder(t, got)
	t.Logf("the longest pause of the %d tasks that never moved is %v, and %v before a process was killed",
		len(stayed)/sharedStages, longestPause(records, stayed, time.Now()), longestPause(records, stayed, killed))
	t.Logf("%d payments, %v", len(paid), program.Compare(t, want, byPayment(got)))
}

// longestPause returns the longest time between two results of the tasks that one process
// has had all the time, up to a moment.
func longestPause(records []*kgo.Record, stayed map[string]float64, until time.Time) (longest time.Duration) {
	last := make(map[int32]time.Time)
	for _, r := range records {
		if _, ok := stayed[fmt.Sprintf("by-account/%d", r.Partition)]; !ok || r.Timestamp.After(until) {
			continue
		}
		if before, ok := last[r.Partition]; ok {
			longest = max(longest, r.Timestamp.Sub(before))
		}
		last[r.Partition] = r.Timestamp
	}
	return longest
}
