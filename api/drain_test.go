package api

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

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A draining job is a process whose containers hold as soon as they are told, and that
// leaves its groups when it is asked to; lines are what the drain has said.
type draining struct {
	*testing.T
	*remote
	system   *staged
	hold     membership.Hold
	stopped  atomic.Int32
	stubborn bool // it doesn't end
	address  string
	lines    []string
	end      func(context.Context) error // nil: processes are asked
}

func newDraining(t *testing.T, token string) *draining {
	r, s := stageJob(t, words(), 2)
	d := &draining{T: t, remote: r, system: s}
	server := httptest.NewServer(httpapi.NewHandler(httpapi.Config{
		Plan: r.plan, Registry: metrics.NewRegistry(metrics.Config{App: "words"}), Readers: &container.Readers{}, Token: token,
		Hold: &d.hold, Stop: func() { d.stopped.Add(1) },
	}))
	t.Cleanup(server.Close)
	d.address = strings.TrimPrefix(server.URL, "http://")
	d.run("words-words", "words")
	d.run("words-by-word", "words-by-word")
	return d
}

// run has the process run a stage, by containers without a task: they have nothing to do.
func (d *draining) run(group, topic string) {
	here, err := os.Hostname()
	if err != nil {
		d.Fatal(err)
	}
	cfg := container.Config{App: "words", Stage: &d.plan.Stages[0], System: d.system, Hold: &d.hold, Await: brief}
	ctx, stop := context.WithCancel(d.Context())
	ended := make(chan error, 1)
	go func() { ended <- container.Run(ctx, cfg) }()
	d.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			d.Error(err)
		}
	})
	member := stagedMember(d.T, "a-0", topic, []int32{0, 1}, map[string]any{"host": here, "address": d.address}, nil)
	d.system.groups[group] = func() stream.GroupState {
		if d.stopped.Load() > 0 && !d.stubborn {
			return stream.GroupState{State: stream.GroupIsEmpty}
		}
		return stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{member}}
	}
}

// brief waits for next to nothing, so that what a container is told it does at once.
func brief(ctx context.Context, _ time.Duration, _ ...<-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Millisecond):
	}
}

// join has another member be in the first stage's group.
func (d *draining) join(says map[string]any) {
	before := d.system.groups["words-words"]
	d.system.groups["words-words"] = func() stream.GroupState {
		s := before()
		if s.Members != nil {
			s.Members = append(s.Members, stagedMember(d.T, "b-0", "words", nil, says, nil))
		}
		return s
	}
}

func (d *draining) drain(patience time.Duration) error {
	d.Helper()
	client, err := newJobClient("words", "")
	if err != nil {
		d.Fatal(err)
	}
	defer client.close()
	dr, err := d.newDrain(d.Context(), client)
	if err != nil {
		d.Fatal(err)
	}
	dr.end = d.end
	dr.every, dr.say = 20*time.Millisecond, func(line string) { d.lines = append(d.lines, line) }
	ctx, cancel := context.WithTimeout(d.Context(), patience)
	defer cancel()
	return dr.drain(ctx)
}

func TestDrainStopsAJobThatHasFinished(t *testing.T) {
	d := newDraining(t, "secret")
	if err := d.drain(time.Minute); err == nil || !strings.Contains(err.Error(), "-token-file") {
		t.Errorf("without the token: %v", err)
	}
	t.Setenv("GRETE_TOKEN", "secret")
	if err := d.drain(time.Minute); err != nil || d.stopped.Load() == 0 || len(d.lines) > 0 {
		t.Errorf("%v; it was stopped %d times; %q", err, d.stopped.Load(), d.lines)
	}
	if err := d.drain(time.Minute); err == nil || !strings.Contains(err.Error(), "nobody runs it") {
		t.Errorf("once more: %v", err)
	}
}

// A record that is on its way is waited for, and so is one that isn't committed.
func TestDrainWaitsForWhatIsOnItsWay(t *testing.T) {
	d := newDraining(t, "")
	put(t, d.system.System, "words-by-word", 3, stream.GroupOffsets{})
	err := d.drain(time.Second)
	if err == nil || !strings.Contains(err.Error(), "3 before stage by-word; within 15s it goes on") || d.stopped.Load() > 0 {
		t.Errorf("%v; it was stopped %d times", err, d.stopped.Load())
	}
	tp := stream.TopicPartition{Topic: "words-by-word"}
	put(t, d.system.System, "words", 7, stream.GroupOffsets{Group: "words-by-word", Positions: []stream.Position{{TopicPartition: tp, Offset: 3}}})
	if err := d.drain(time.Minute); err != nil {
		t.Errorf("what is in the inputs isn't its business: %v", err)
	}
}

// What the last to end leaves is told, but for control messages.
func TestDrainLooksOnceMore(t *testing.T) {
	for _, control := range []bool{true, false} {
		d := newDraining(t, "")
		first := d.system.groups["words-words"]
		left := false
		d.system.groups["words-words"] = func() stream.GroupState {
			s := first()
			if s.Members == nil && !left {
				left = true
				leave(t, d.system, control)
			}
			return s
		}
		err := d.drain(time.Minute)
		if said := err != nil && strings.Contains(err.Error(), "1 records are on their way still"); said == control {
			t.Errorf("control message: %v, and it says %v", control, err)
		}
	}
}

// leave puts a record before the second stage.
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

func TestDrainSaysWhoCanNotBeAsked(t *testing.T) {
	here, _ := os.Hostname()
	for says, member := range map[string]map[string]any{
		"its -http is off":         {"host": "silent"},
		"its own machine only":     {"host": "elsewhere", "address": "127.0.0.1:1"},
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
	if err := d.drain(time.Second); err == nil || !strings.Contains(err.Error(), "have been asked to end") {
		t.Errorf("one that doesn't end: %v", err)
	}
}

// While a group is rebalancing nobody knows who is in it.
func TestDrainWaitsForTheGroups(t *testing.T) {
	d := newDraining(t, "")
	d.system.groups["words-by-word"] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsRebalancing, ProtocolType: "consumer", Members: []stream.MemberState{{ID: "a-0-1", Instance: "a-0", Host: "10.0.0.9"}}}
	}
	if err := d.drain(time.Second); err == nil || !strings.Contains(err.Error(), "to come to rest: by-word") || d.stopped.Load() > 0 {
		t.Errorf("it says %v", err)
	}
}

// A job is drained as it runs, whatever this program would run.
func TestDrainGoesByThePlanThatRuns(t *testing.T) {
	d := newDraining(t, "")
	if err := d.system.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: d.plan.RecordTopic(), Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	if err := writePlan(t.Context(), d.system, d.plan); err != nil {
		t.Fatal(err)
	}
	now := *d.plan
	now.Stages = now.Stages[:1]
	now.Topics = slices.DeleteFunc(slices.Clone(now.Topics), func(t scheduler.Topic) bool { return t.Name == now.RecordTopic() })
	d.plan = &now
	put(t, d.system.System, "words-by-word", 3, stream.GroupOffsets{})
	if err := d.drain(time.Second); err == nil || !strings.Contains(err.Error(), "3 before stage by-word") {
		t.Errorf("it says %v", err)
	}
}

func TestDrainNeedsACluster(t *testing.T) {
	runMain(t.Context(), words(), "drain").failed(t, "no -kafka HOST:PORT", "-once", "Ctrl-C")
}

// Where somebody else starts processes that end, that one is to end them, once.
func TestDrainHasProcessesEnded(t *testing.T) {
	d := newDraining(t, "")
	ended := 0
	d.end = func(context.Context) error {
		if ended++; d.stopped.Load() > 0 {
			t.Error("a process was asked")
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
