package metrics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/metrics"
)

func TestContainer_PublishCopies(t *testing.T) {
	c := newClock()
	reg := newRegistry(c)
	l, ct := countingLoop(c), reg.Container("by-user", 0)
	ct.Publish(l)
	before := exposition(t, reg)
	task := l.Tasks[0]
	l.Turns++
	l.Phases.Poll++
	task.State, task.Watermark = metrics.TaskEnded, 0
	task.Inputs[0].Records++
	task.Outputs[0].Records++
	task.Operators[0].Late++
	task.Stores[0].RestoreRecords--
	task.Inputs = append(task.Inputs, &metrics.Input{Topic: "new"})
	l.Tasks = nil
	if after := exposition(t, reg); after != before {
		t.Errorf("a snapshot has changed:\n%s", after)
	}
	ct.Publish(l)
	if after := exposition(t, reg); after == before {
		t.Error("nothing was published")
	}
}

func TestContainer_ObservesEachCommitOnce(t *testing.T) {
	c := newClock()
	reg := newRegistry(c)
	l, ct := countingLoop(c), reg.Container("by-user", 0)
	ct.Publish(l)
	ct.Publish(l) // the same commit isn't observed again
	l.Committed(c.now, 3*time.Second)
	ct.Publish(l)
	text := exposition(t, reg)
	for _, want := range []string{
		`grete_commit_duration_seconds_count{app="pageviews",container="0",stage="by-user"} 2`,
		`grete_commit_duration_seconds_bucket{app="pageviews",container="0",stage="by-user",le="0.025"} 1`,
		`grete_commits_total{app="pageviews",container="0",stage="by-user"} 2`,
		`grete_commit_age_seconds{app="pageviews",container="0",stage="by-user"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is missing in:\n%s", want, text)
		}
	}
	c.advance(4 * time.Second)
	l.NothingToCommit(c.now)
	ct.Publish(l)
	c.advance(time.Second)
	if want := `grete_commit_age_seconds{app="pageviews",container="0",stage="by-user"} 1`; !strings.Contains(exposition(t, reg), want+"\n") {
		t.Errorf("%s is missing", want)
	}
}

func TestRegistry_AddAndRemoveContainers(t *testing.T) {
	c := newClock()
	reg := newRegistry(c)
	b, a := reg.Container("b", 0), reg.Container("a", 10)
	reg.Container("a", 9)
	again := reg.Container("b", 0) // a restart
	b.Close()                      // doesn't remove its replacement
	again.Publish(countingLoop(c))
	var names []string
	for _, s := range reg.Sample().Containers {
		names = append(names, s.Stage)
	}
	if got := strings.Join(names, " "); got != "a a b" || reg.Sample().Containers[0].Container != 9 {
		t.Errorf("containers are %s", got)
	}
	again.Close()
	again.Close()
	a.Close()
	if n := len(reg.Sample().Containers); n != 1 {
		t.Errorf("%d containers are left, want 1", n)
	}
	if text := exposition(t, reg); strings.Contains(text, `stage="b"`) {
		t.Errorf("a closed container is shown:\n%s", text)
	}
}

// Tests of a container don't publish its loop.
func TestLoop_BoundedWithoutPublish(t *testing.T) {
	c, l := newClock(), &metrics.Loop{}
	allocated := testing.AllocsPerRun(1, func() {
		for range 1 << 16 {
			l.Committed(c.now, time.Second)
		}
	})
	if allocated > 0 {
		t.Errorf("the loop still grows: %v allocations", allocated)
	}
}

func TestReadBuild(t *testing.T) {
	if b := metrics.ReadBuild(); !strings.HasPrefix(b.Go, "go1.") {
		t.Errorf("built by %q", b.Go)
	}
}

// BenchmarkCount measures the counters of one record.
func BenchmarkCount(b *testing.B) {
	in, out, phase := &metrics.Input{}, &metrics.Output{}, &metrics.Phases{}
	b.ReportAllocs()
	for b.Loop() {
		in.Records++
		in.Bytes += 100
		out.Records++
		out.Bytes += 100
		phase.Process++
	}
}

func BenchmarkPublish(b *testing.B) {
	c := newClock()
	l := countingLoop(c)
	for len(l.Tasks) < 16 {
		l.Tasks = append(l.Tasks, l.Tasks[0])
	}
	ct := newRegistry(c).Container("by-user", 0)
	b.ReportAllocs()
	for b.Loop() {
		ct.Publish(l)
	}
}
