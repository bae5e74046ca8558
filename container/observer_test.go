package container_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A recorder keeps all events.
type recorder struct {
	restores   []container.Restore
	commits    []container.Commit
	rebalances []container.Rebalance
	skips      []container.Skip
}

func (r *recorder) Restored(e container.Restore)     { r.restores = append(r.restores, e) }
func (r *recorder) Committed(e container.Commit)     { r.commits = append(r.commits, e) }
func (r *recorder) Rebalanced(e container.Rebalance) { r.rebalances = append(r.rebalances, e) }
func (r *recorder) Skipped(e container.Skip)         { r.skips = append(r.skips, e) }

// wantSkips compares the offsets of the skipped records, and forgets them.
func (r *recorder) wantSkips(t *testing.T, operator, cause string, offsets ...int64) {
	t.Helper()
	var got []int64
	for _, s := range r.skips {
		got = append(got, s.Record.Offset)
		if s.Stage == nil || s.Stage.Name != "in" || s.Task != 0 || s.Record.Topic != "in" || s.Operator.Text != operator || s.Operator.Name != cmp.Or(operator, "in") || !strings.Contains(s.Err.Error(), cause) {
			t.Errorf("skipped %+v, want operator %q and cause %q", s, operator, cause)
		}
	}
	if !slices.Equal(got, offsets) {
		t.Errorf("skipped offsets %v, want %v", got, offsets)
	}
	r.skips = nil
}

func TestObserver_SeesRestartsAndCommits(t *testing.T) {
	seen := &recorder{}
	c := newCopying(t, memory.New())
	c.cfg.Observer = seen
	c.reopen()
	if len(seen.restores) != 1 || !slices.Equal(seen.restores[0].Tasks, []int32{0}) || seen.restores[0].Stage != c.cfg.Stage {
		t.Fatalf("restored %+v, want task 0 once", seen.restores)
	}
	c.fill(1, 2)
	c.wantOut(1, 2)
	must(t, c.settle())
	last := seen.commits[len(seen.commits)-1]
	if !slices.Equal(last.Tasks, []int32{0}) || last.Stage != c.cfg.Stage || last.At.After(c.now) || c.now.Sub(last.At) > time.Hour {
		t.Errorf("the last commit is %+v at %s, want task 0", last, c.now)
	}
	if counted := c.metrics.Sample().Containers[0].Commits; counted != int64(len(seen.commits)) || counted < 2 {
		t.Errorf("%d commits reported, %d counted; want the same, without those that are empty", len(seen.commits), counted)
	}
	c.reopen()
	if len(seen.restores) != 2 || len(seen.rebalances) != 0 {
		t.Errorf("%d restores and %d rebalances after a restart, want 2 and none", len(seen.restores), len(seen.rebalances))
	}
}

func TestObserver_SeesReplayedRecords(t *testing.T) {
	m := tallied(t)
	seen := &recorder{}
	m.cfg.Observer = seen
	clear(m.disk.dbs)
	m.sendTo(0, "a")
	m.finish()
	if len(seen.restores) == 0 || !slices.Equal(seen.restores[0].Tasks, []int32{0, 1}) {
		t.Fatalf("restored %+v, want both tasks at once", seen.restores)
	}
	if r := seen.restores[0]; r.Records == 0 || r.Bytes == 0 {
		t.Errorf("restored %d records, %d bytes; want those of the changelogs", r.Records, r.Bytes)
	}
}

// choosy is a program that can't decode 2, fails at 3, and drops 4 by the policy of its
// operator. At 5 it fails after it has sent something.
type choosy struct {
	copier
}

func (p *choosy) NewLogic(stage *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	l, err := p.copier.NewLogic(stage, task)
	return &choosyLogic{l.(*copierLogic)}, err
}

type choosyLogic struct{ *copierLogic }

func (l *choosyLogic) Source(int, int32) loop.Source { return l }
func (l *choosyLogic) Skips() bool                   { return true }
func (l *choosyLogic) Operator() loop.Operator {
	return loop.Operator{Node: 1, Name: "choosy", Text: "choosy"}
}

func (l *choosyLogic) Load(r *stream.Record) (int64, error) {
	if string(r.Value) == "2" {
		return 0, errors.New("no two")
	}
	return l.copierLogic.Load(r)
}

func (l *choosyLogic) Process() error {
	switch string(l.record.Value) {
	case "3":
		return errors.New("no three")
	case "4":
		l.task.Skipped(l.task.Counts("choosy"), errors.New("no four"))
		return nil
	case "5":
		return errors.Join(l.copierLogic.Process(), errors.New("no five"))
	}
	return l.copierLogic.Process()
}

func TestObserver_SeesSkips(t *testing.T) {
	seen := &recorder{}
	c := newCopying(t, memory.New())
	c.cfg.Program, c.cfg.Observer = &choosy{}, seen
	c.reopen()
	c.fill(1, 2)
	c.wantOut(1)
	seen.wantSkips(t, "", "no two", 1)
	c.fill(3)
	c.wantOut(1)
	seen.wantSkips(t, "choosy", "no three", 2)
	c.fill(4)
	c.wantOut(1)
	if len(seen.skips) == 1 && !seen.skips[0].ByOperator {
		t.Error("the skip isn't the operator's")
	}
	seen.wantSkips(t, "choosy", "no four", 3)
	task := c.metrics.Sample().Containers[0].Tasks[0]
	if task.Operators[0].Skipped != 2 || task.Inputs[0].Skipped != 1 || len(task.Operators) != 1 {
		t.Errorf("counted %+v and %+v, want 2 skips of the operator and 1 of the input", task.Operators[0], task.Inputs[0])
	}

	// A record that has sent something is taken back.
	restores := len(seen.restores)
	c.fill(5, 6)
	c.wantOut(1, 6)
	seen.wantSkips(t, "choosy", "no five", 4)
	if op := c.metrics.Sample().Containers[0].Tasks[0].Operators; len(op) != 1 || op[0].Skipped != 3 {
		t.Errorf("counted %+v, want 3 skips", op)
	}
	if len(seen.restores) != restores {
		t.Errorf("%d restores, want %d", len(seen.restores), restores)
	}
}

// A scripted group gives its member the events of a test.
type scripted struct {
	stream.Grouper
	events []stream.GroupEvent
}

func (s *scripted) Join(context.Context, stream.GroupConfig) (stream.Membership, error) {
	return scriptedMember{s}, nil
}

type scriptedMember struct{ *scripted }

func (m scriptedMember) Poll() (e stream.GroupEvent) {
	if len(m.events) > 0 {
		e, m.scripted.events = m.events[0], m.events[1:]
	}
	return e
}

func (m scriptedMember) Ready() <-chan struct{}                 { return nil }
func (m scriptedMember) Rejoin([]stream.TopicPartition, []byte) {}
func (m scriptedMember) RequestRebalance()                      {}
func (m scriptedMember) Leave(context.Context) error            { return nil }
func (m scriptedMember) Close() error                           { return nil }

// assign adds an assignment of tasks to one of several members, by the partitions of a
// topic.
func (s *scripted) assign(t *testing.T, topic string, members int, tasks ...int32) {
	t.Helper()
	data, err := json.Marshal(map[string]any{"members": make([]struct{}, members)})
	must(t, err)
	e := stream.GroupEvent{Kind: stream.GroupAssigned, Generation: 1, Member: "one-1", Data: data}
	for _, task := range tasks {
		e.Partitions = append(e.Partitions, stream.TopicPartition{Topic: topic, Partition: task})
	}
	s.events = append(s.events, e)
}

// newSharing is a copier that shares its two tasks.
func newSharing(t *testing.T, seen container.Observer) (*copying, *scripted) {
	c, group := newCopying(t, memory.New()), &scripted{}
	for _, topic := range []string{"in2", "meta2"} {
		must(t, c.sys.Admin().CreateTopic(context.Background(), stream.TopicConfig{Name: topic, Partitions: 2}))
	}
	c.cfg.Stage.Tasks, c.cfg.Stage.MetaTopic = 2, "meta2"
	c.cfg.Stage.Inputs = []scheduler.Input{{Topic: "in2", Partitions: 2}}
	c.cfg.Tasks, c.cfg.Observer = nil, seen
	c.cfg.Go = func(f func()) { f() } // tasks are open after the step that starts to open them
	c.cfg.Membership = &membership.Config{Group: group, Instance: "one"}
	return c, group
}

func TestObserver_SeesRebalances(t *testing.T) {
	seen := &recorder{}
	c, group := newSharing(t, seen)
	c.reopen()
	rebalance := func(members int, tasks ...int32) container.Rebalance {
		t.Helper()
		n := len(seen.rebalances)
		group.assign(t, "in2", members, tasks...)
		for range 3 { // rejoins, is assigned, adopts the opened tasks
			c.now = c.now.Add(time.Second)
			c.step()
		}
		if len(seen.rebalances) != n+1 {
			t.Fatalf("%d rebalances, want %d", len(seen.rebalances), n+1)
		}
		return seen.rebalances[n]
	}
	for i, want := range []membership.Assigned{
		{Tasks: []int32{}, First: true, Members: 3},
		{Tasks: []int32{0, 1}, Added: []int32{0, 1}, Members: 1},
		{Tasks: []int32{0, 1}, Members: 1},
		{Tasks: []int32{1}, Removed: []int32{0}, Members: 2},
	} {
		got := rebalance(want.Members, want.Tasks...)
		if !slices.Equal(got.Tasks, want.Tasks) || !slices.Equal(got.Added, want.Added) || !slices.Equal(got.Removed, want.Removed) || got.First != want.First || got.Members != want.Members || got.Stage != c.cfg.Stage {
			t.Errorf("rebalance %d is %+v, want %+v", i, got, want)
		}
	}
	if len(seen.restores) != 1 || !slices.Equal(seen.restores[0].Tasks, []int32{0, 1}) {
		t.Errorf("restored %+v, want both tasks once", seen.restores)
	}
	if n := c.metrics.Sample().Containers[0].Rebalances; n != 4 {
		t.Errorf("counted %d rebalances, want 4", n)
	}
}
