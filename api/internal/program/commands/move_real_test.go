//go:build real

package commands_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A pair is two processes of a job that counts words in four partitions, and the commands
// that are run against it.
type pair struct {
	*testing.T
	cluster *kafkatest.Cluster
	name    string
}

func (p *pair) topic(name string) string { return p.name + "." + name }

func (p *pair) app() *api.App {
	app := api.New(p.name)
	app.From(p.topic("words"), api.OnError[word](api.Skip())).PartitionBy("by-word", func(w word) string { return w.Word }).Count("count").To(p.topic("counts"))
	return app
}

// command runs a command.
func (p *pair) command(args ...string) programtest.Result {
	p.Helper()
	return runMain(p.Context(), p.app(), append(args, "-kafka", strings.Join(p.cluster.Bootstrap(), ","))...)
}

func (p *pair) status() (s model.Job) {
	p.Helper()
	r := p.command("status", "-json").Succeeded(p.T)
	if err := json.Unmarshal([]byte(r.Out), &s); err != nil {
		p.Fatalf("%v\n%s", err, r.Out)
	}
	return s
}

// start starts a process, which ends with the test, or when it is stopped.
func (p *pair) start(dir string) (stop func()) {
	ctx, cancel := context.WithCancel(p.Context())
	ended := make(chan programtest.Result, 1)
	go func() {
		ended <- runMain(ctx, p.app(), "-kafka", strings.Join(p.cluster.Bootstrap(), ","), "-data", dir, "-commit-interval", "50ms")
	}()
	stop = func() {
		cancel()
		r := <-ended
		ended <- r
		r.Succeeded(p.T)
	}
	p.Cleanup(stop)
	return stop
}

// until polls the job's status until is returns true.
func (p *pair) until(what string, is func(model.Job) bool) model.Job {
	p.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); ; <-tick.C {
		s := p.status()
		if is(s) {
			return s
		}
		if time.Now().After(end) {
			p.Fatalf("%s: it takes too long: %+v", what, s)
		}
	}
}

// even reports whether both processes have two tasks of each stage, and nothing lags.
func even(s model.Job) bool {
	for _, stage := range s.Stages {
		if stage.State != "stable" || len(stage.Members) != 2 || stage.Lag == nil || *stage.Lag > 0 {
			return false
		}
		for _, m := range stage.Members {
			if len(m.Tasks) != 2 {
				return false
			}
		}
	}
	return true
}

// counted feeds each of some words once, and waits for their counts, each n.
func (p *pair) counted(n int) {
	p.Helper()
	client := p.cluster.Franz(p, kgo.DefaultProduceTopic(p.topic("words")))
	const words = 100
	for i := range words {
		if err := client.ProduceSync(p.Context(), &kgo.Record{Value: fmt.Appendf(nil, `{"word":"w%d"}`, i)}).FirstErr(); err != nil {
			p.Fatal(err)
		}
	}
	reader := p.cluster.Franz(p, kgo.ConsumeTopics(p.topic("counts")), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	defer cancel()
	seen := map[uint64]int{}
	for total := 0; total < n*words; {
		fetched := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			p.Fatalf("of %d counts there are %d: %v", n*words, total, seen)
		}
		fetched.EachRecord(func(r *kgo.Record) { seen[binary.BigEndian.Uint64(r.Value)]++; total++ })
	}
	for i := 1; i <= n; i++ {
		if seen[uint64(i)] != words {
			p.Fatalf("the counts are %v", seen)
		}
	}
}

// A task moves to the requested process and stays there, with its state; nothing is lost
// or doubled, and status shows it. The store can be dumped while the job runs, and after it
// has stopped.
func TestMove_StaysWithState(t *testing.T) {
	t.Parallel()
	p := &pair{t, oneBroker.Cluster(t), strings.ToLower(kafkatest.Name(t))}
	for _, topic := range []string{"words", "counts"} {
		p.cluster.CreateTopic(t, p.topic(topic), 4, nil)
	}
	if s := p.status(); s.Running || len(s.Stages) != 2 {
		t.Fatalf("before anybody runs it: %+v", s)
	}
	p.command("move", "by-word/0", "nobody").Failed(t, "isn't running")
	dir := t.TempDir()
	stopA, stopB := p.start(filepath.Join(dir, "a")), p.start(filepath.Join(dir, "b"))
	p.until("share the tasks", even)
	p.counted(1)
	for i := range 3 {
		s := p.until("rest", even).Stages[1]
		from, to := s.Members[i%2], s.Members[1-i%2]
		task := from.Tasks[0]
		began := time.Now()
		r := p.command("move", fmt.Sprintf("by-word/%d", task), to.Instance).Succeeded(t)
		t.Logf("%s, in %s", strings.TrimSpace(r.Out), time.Since(began).Round(time.Millisecond))
		s = p.until("rest again", even).Stages[1]
		if has := s.Members[1-i%2]; has.Instance != to.Instance || !slices.Contains(has.Tasks, task) {
			t.Errorf("task %d isn't with %s: %+v", task, to.Instance, s.Members)
		}
		p.counted(i + 2)
	}
	text := p.command("status").Succeeded(t).Out
	if t.Log("\n" + text); strings.Count(text, "2 members, 4 tasks, lag 0 records") != 2 {
		t.Errorf("it says\n%s", text)
	}
	running := p.command("stores", "dump", "count").Succeeded(t).Out
	if strings.Count(running, `","value":4}`+"\n") != 100 {
		t.Errorf("the job says of its store\n%s", running)
	}
	stopA()
	stopB()
	if p.status().Running {
		t.Error("it still runs")
	}
	if stopped := p.command("stores", "dump", "count").Succeeded(t).Out; stopped != running {
		t.Errorf("the changelog has\n%s\nthe job said\n%s", stopped, running)
	}
}
