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

// A crew is processes of the program that share its work.
type crew struct {
	*testing.T
	c     program.Cluster
	path  string
	dirs  string
	args  []string
	tasks []map[string]float64 // by process, of each task the records that it has read
	all   []*program.Process
}

// join starts another process.
func (w *crew) join() *program.Process {
	w.Helper()
	p := program.Start(w, w.path, append(slices.Clone(w.args), "-kafka", w.c.Address(), "-data", filepath.Join(w.dirs, fmt.Sprint(len(w.all))),
		"-commit-interval", "100ms", "-session-timeout", sessionTimeout.String())...)
	w.c.Await("a program that can be asked", func() bool { return p.Asked() || p.Ended() })
	w.all, w.tasks = append(w.all, p), append(w.tasks, nil)
	return p
}

// look sees what each process has. What stays where it is must not have begun anew.
func (w *crew) look() {
	w.Helper()
	for i, p := range w.all {
		if p.Ended() {
			w.tasks[i] = nil
			continue
		}
		now := p.ByTask(w, "grete_input_records_total")
		for task, n := range now {
			if before, ok := w.tasks[i][task]; ok && n < before {
				w.Errorf("process %d: %s has read %v records, and %v before: it was closed", i, task, n, before)
			}
		}
		w.tasks[i] = now
	}
}

// settled waits until all tasks have an owner, and everybody who runs an equal part,
// if that can be. It returns how long it takes, and how many tasks are where they were
// before.
func (w *crew) settled(what string, before []map[string]float64) (took time.Duration, kept int) {
	w.Helper()
	began := time.Now()
	w.c.Await(what, func() bool {
		w.look()
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

// everywhere waits until each partition of the output has new results, more than were
// under way.
func (w *crew) everywhere() time.Duration {
	w.Helper()
	began := time.Now()
	before := w.c.CommittedEnds(output)
	w.c.Await("results everywhere", func() bool {
		w.look()
		for p, end := range w.c.CommittedEnds(output) {
			if end <= before[p]+fireRate/sharedPartitions {
				return false
			}
		}
		return true
	})
	return time.Since(began)
}

// Processes come and go while payments come in: one, two, four, three, one. Each
// balance is there once and right; tasks that needn't move aren't touched; and what
// one leaves behind is taken over at once, or when its session has ended.
func TestSharing(t *testing.T) {
	t.Parallel()
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, sharedPartitions, nil)
	c.CreateTopic(t, output, sharedPartitions, nil)
	w := &crew{T: t, c: c, path: program.Build(t, "totals"), dirs: t.TempDir(), args: []string{"-memory", "64MB"}}
	var paid []Payment
	feed := c.Feed(input, sharedPartitions, fireRate, func(yield func([]byte) bool) {
		for p := range payments(sharedPartitions, sharedAccounts) {
			paid = append(paid, p)
			if !yield(program.Encoded(t, p)) {
				return
			}
		}
	})
	first := w.join()
	w.settled("one process to have all", nil)
	before := slices.Clone(w.tasks)
	second := w.join()
	took, kept := w.settled("two processes to share", before)
	t.Logf("a second process has its part after %v", took)
	if kept != sharedTasks/2 {
		t.Errorf("the first of two keeps %d of its tasks", kept)
	}
	before = slices.Clone(w.tasks)
	third, fourth := w.join(), w.join()
	took, kept = w.settled("four processes to share", before)
	t.Logf("a third and a fourth have theirs after %v", took)
	if kept != sharedTasks/2 {
		t.Errorf("the first two of four keep %d of their tasks", kept)
	}
	w.everywhere()
	before, stayed := slices.Clone(w.tasks), w.tasks[0]

	killed := time.Now()
	fourth.Kill()
	_ = fourth.Wait()
	took = w.everywhere()
	t.Logf("a process was killed: there are results everywhere after %v", took)
	if took > sessionTimeout+5*time.Second {
		t.Errorf("with a session of %v it takes too long", sessionTimeout)
	}
	_, kept = w.settled("three processes to share", before)
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
	took = w.everywhere()
	t.Logf("two have left: there are results everywhere after %v", took)
	if took > sessionTimeout {
		t.Errorf("who leaves must be taken over from at once")
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
	inOrder(t, got)
	t.Logf("the longest pause of the %d tasks that have stayed is %v, and before a process was killed %v",
		len(stayed)/sharedStages, longestPause(records, stayed, time.Now()), longestPause(records, stayed, killed))
	t.Logf("%d payments, %v", len(paid), program.Compare(t, want, byPayment(got)))
}

// longestPause is the longest time between two results, until a moment, of the tasks
// that one process has had all the time.
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
