package drain

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A draining job is a process whose containers hold their inputs as soon as they are
// told, and that leaves its groups when it is requested to stop; lines are what the
// drain has said.
type draining struct {
	*testing.T
	*remote.Job
	system   *programtest.Staged
	hold     membership.Hold
	stopped  atomic.Int32
	stubborn bool // it doesn't stop
	address  string
	lines    []string
	end      func(context.Context) error // nil: the processes are requested to stop
}

func newDraining(t *testing.T, token string) *draining {
	plan, s := programtest.Stage(t, programtest.Words(), 2)
	r := &remote.Job{Plan: plan, History: &history.History{}, System: s, Group: s}
	d := &draining{T: t, Job: r, system: s}
	server := httptest.NewServer(httpapi.NewHandler(httpapi.Config{
		Plan: r.Plan, Registry: metrics.NewRegistry(metrics.Config{App: "words"}), Readers: &container.Readers{}, Tokens: strings.Fields(token),
		Hold: &d.hold, Stop: func() { d.stopped.Add(1) },
	}))
	t.Cleanup(server.Close)
	d.address = strings.TrimPrefix(server.URL, "http://")
	d.run("words-words", "words")
	d.run("words-by-word", "words-by-word")
	return d
}

// run has the process run a stage with containers without a task.
func (d *draining) run(group, topic string) {
	here, err := os.Hostname()
	if err != nil {
		d.Fatal(err)
	}
	cfg := container.Config{App: "words", Program: programtest.Words().Program(), Stage: &d.Plan.Stages[0], System: d.system, Hold: &d.hold, Await: brief}
	ctx, stop := context.WithCancel(d.Context())
	ended := make(chan error, 1)
	go func() { ended <- container.Run(ctx, cfg) }()
	d.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			d.Error(err)
		}
	})
	member := programtest.Member(d.T, "a-0", topic, []int32{0, 1}, map[string]any{"host": here, "address": d.address}, nil)
	d.system.Groups[group] = func() stream.GroupState {
		if d.stopped.Load() > 0 && !d.stubborn {
			return stream.GroupState{State: stream.GroupIsEmpty}
		}
		return stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{member}}
	}
}

// brief waits for next to nothing, so that a container does at once what it is told.
func brief(ctx context.Context, _ time.Duration, _ ...<-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Millisecond):
	}
}

// join adds another member to the first stage's group.
func (d *draining) join(says map[string]any) {
	before := d.system.Groups["words-words"]
	d.system.Groups["words-words"] = func() stream.GroupState {
		s := before()
		if s.Members != nil {
			s.Members = append(s.Members, programtest.Member(d.T, "b-0", "words", nil, says, nil))
		}
		return s
	}
}

func (d *draining) drain(patience time.Duration) error {
	d.Helper()
	tokens, err := access.ReadTokens("")
	if err != nil {
		d.Fatal(err)
	}
	client := jobclient.New("words", tokens, nil)
	defer client.Close()
	dr, err := newDrain(d.Job, &Attached{Client: client, Stop: d.end})
	if err != nil {
		d.Fatal(err)
	}
	dr.every, dr.say = 20*time.Millisecond, func(line string) { d.lines = append(d.lines, line) }
	ctx, cancel := context.WithTimeout(d.Context(), patience)
	defer cancel()
	return dr.run(ctx)
}

func TestDrain_StopsIdleJob(t *testing.T) {
	d := newDraining(t, "secret")
	if err := d.drain(time.Minute); err == nil || !strings.Contains(err.Error(), "-token-file") {
		t.Errorf("without the token: %v", err)
	}
	t.Setenv("GRETE_TOKEN", "secret")
	if err := d.drain(time.Minute); err != nil || d.stopped.Load() == 0 || len(d.lines) > 0 {
		t.Errorf("%v; it was stopped %d times; %q", err, d.stopped.Load(), d.lines)
	}
	if err := d.drain(time.Minute); err == nil || !strings.Contains(err.Error(), "isn't running") {
		t.Errorf("once more: %v", err)
	}
}

// The drain waits for records in flight, uncommitted ones included.
func TestDrain_WaitsForRecordsInFlight(t *testing.T) {
	d := newDraining(t, "")
	programtest.Put(t, d.system.System, "words-by-word", 3, stream.GroupOffsets{})
	err := d.drain(time.Second)
	if err == nil || !strings.Contains(err.Error(), "3 before stage by-word; it resumes reading within 15s") || d.stopped.Load() > 0 {
		t.Errorf("%v; it was stopped %d times", err, d.stopped.Load())
	}
	tp := stream.TopicPartition{Topic: "words-by-word"}
	programtest.Put(t, d.system.System, "words", 7, stream.GroupOffsets{Group: "words-by-word", Positions: []stream.Position{{TopicPartition: tp, Offset: 3}}})
	if err := d.drain(time.Minute); err != nil {
		t.Errorf("it waits for records in the inputs: %v", err)
	}
}

// Records that the last process leaves in flight are reported; control messages aren't.
func TestDrain_ReportsRecordsLeftInFlight(t *testing.T) {
	for _, control := range []bool{true, false} {
		d := newDraining(t, "")
		first := d.system.Groups["words-words"]
		left := false
		d.system.Groups["words-words"] = func() stream.GroupState {
			s := first()
			if s.Members == nil && !left {
				left = true
				leave(t, d.system, control)
			}
			return s
		}
		err := d.drain(time.Minute)
		if said := err != nil && strings.Contains(err.Error(), "1 record is left in flight"); said == control {
			t.Errorf("control message: %v, and it says %v", control, err)
		}
	}
}

// leave appends a record before the second stage.
func leave(t *testing.T, s stream.System, control bool) {
	p, err := s.OpenProducer(t.Context(), stream.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Writer("words-by-word")
	if err != nil {
		t.Fatal(err)
	}
	r := &stream.Record{Value: []byte("{}")}
	if control {
		r.Headers = []stream.Header{{Key: stream.ControlHeader}}
	}
	if err := w.Send(1, r); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Commit(t.Context(), stream.GroupOffsets{}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDrain_NamesUnreachableMembers(t *testing.T) {
	here, _ := os.Hostname()
	for says, member := range map[string]map[string]any{
		"-http is off":             {"host": "silent"},
		"the loopback address of ": {"host": "elsewhere", "address": "127.0.0.1:1"},
		"waiting for b-0 (" + here: {"host": here, "address": "127.0.0.1:1"},
	} {
		d := newDraining(t, "")
		d.join(member)
		err := d.drain(time.Second)
		if err == nil || d.stopped.Load() > 0 || !slices.ContainsFunc(d.lines, func(l string) bool { return strings.Contains(l, says) && strings.Contains(l, "Ctrl-C") }) || len(d.lines) != 1 {
			t.Errorf("%s: %v; %q", says, err, d.lines)
		}
	}
	d := newDraining(t, "")
	d.stubborn = true
	if err := d.drain(time.Second); err == nil || !strings.Contains(err.Error(), "have been requested to stop") {
		t.Errorf("a member that doesn't stop: %v", err)
	}
}

// The members of a group that is rebalancing are unknown.
func TestDrain_WaitsForGroupsToSettle(t *testing.T) {
	d := newDraining(t, "")
	d.system.Groups["words-by-word"] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsRebalancing, ProtocolType: "consumer", Members: []stream.MemberState{{ID: "a-0-1", Instance: "a-0", Host: "10.0.0.9"}}}
	}
	if err := d.drain(time.Second); err == nil || !strings.Contains(err.Error(), "the groups to settle: by-word") || d.stopped.Load() > 0 {
		t.Errorf("it says %v", err)
	}
}

// A job is drained by the plan that it runs by, whatever the plan of this program.
func TestDrain_UsesRecordedPlan(t *testing.T) {
	d := newDraining(t, "")
	if err := d.system.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: scheduler.RecordTopic(d.Plan.App), Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	if err := history.Record(t.Context(), d.system, d.Plan, history.Program{}); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.History, err = history.Read(t.Context(), d.system, d.Plan.App); err != nil {
		t.Fatal(err)
	}
	now := *d.Plan
	now.Stages = now.Stages[:1]
	now.Topics = slices.DeleteFunc(slices.Clone(now.Topics), func(t scheduler.Topic) bool { return t.Name == scheduler.RecordTopic(now.App) })
	d.Plan = &now
	programtest.Put(t, d.system.System, "words-by-word", 3, stream.GroupOffsets{})
	if err := d.drain(time.Second); err == nil || !strings.Contains(err.Error(), "3 before stage by-word") {
		t.Errorf("it says %v", err)
	}
}

func TestDrain_NeedsCluster(t *testing.T) {
	programtest.Run(t.Context(), programtest.Words(), []any{&Commands{}}, "drain").Failed(t, "add -kafka HOST:PORT", "-once", "Ctrl-C")
}

// A cluster that restarts processes is made to stop them, once.
func TestDrain_StopsJobOnNomad(t *testing.T) {
	d := newDraining(t, "")
	ended := 0
	d.end = func(context.Context) error {
		if ended++; d.stopped.Load() > 0 {
			t.Error("a process was requested to stop")
		}
		d.stopped.Add(1)
		return nil
	}
	if err := d.drain(time.Minute); err != nil || ended != 1 {
		t.Errorf("%v; ended %d times", err, ended)
	}
	d = newDraining(t, "")
	d.end = func(context.Context) error { return errors.New("Nomad says no") }
	if err := d.drain(time.Minute); err == nil || !strings.Contains(err.Error(), "Nomad says no") || d.stopped.Load() > 0 {
		t.Errorf("%v; stopped %d times", err, d.stopped.Load())
	}
}
