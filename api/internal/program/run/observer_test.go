package run

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// observed is an observer of two stages, and what it says.
func observed() (*observer, *strings.Builder, []scheduler.Stage) {
	var said strings.Builder
	stages := []scheduler.Stage{{Name: "in", Tasks: 3}, {Name: "out", Tasks: 3}}
	return &observer{console: program.Console{App: "app", Err: &said}, log: slog.New(slog.NewTextHandler(&said, nil)), admission: newAdmission(stages)}, &said, stages
}

func (a *admission) isComplete() bool {
	select {
	case <-a.complete:
		return true
	default:
		return false
	}
}

func TestObserver_AdmitsStagesThatWork(t *testing.T) {
	o, _, stages := observed()
	in, out := container.Origin{Stage: &stages[0]}, container.Origin{Stage: &stages[1]}
	o.Rebalanced(container.Rebalance{Origin: in, Assigned: membership.Assigned{Tasks: []int32{0}}})
	o.Rebalanced(container.Rebalance{Origin: out, Assigned: membership.Assigned{First: true}})
	if o.admission.isComplete() {
		t.Error("a stage is admitted before its tasks are restored")
	}
	o.Restored(container.Restore{Origin: in, Tasks: []int32{0}})
	if !o.admission.isComplete() {
		t.Error("not admitted with one stage restored, and the other without tasks")
	}
}

func TestObserver_SaysChangedTasks(t *testing.T) {
	o, said, stages := observed()
	for _, c := range []struct {
		assigned membership.Assigned
		want     string
	}{
		{membership.Assigned{First: true, Members: 2}, "app: stage in: no task of 3, shared by 2 containers\n"},
		{membership.Assigned{Members: 2}, ""},
		{membership.Assigned{Tasks: []int32{0, 2}, Added: []int32{0, 2}, Members: 2}, "app: stage in: tasks 0, 2 of 3, shared by 2 containers\n"},
		{membership.Assigned{Tasks: []int32{0, 2}, Members: 3}, ""},
		{membership.Assigned{Tasks: []int32{0, 1, 2}, Added: []int32{1}, Members: 1}, "app: stage in: all 3 tasks\n"},
		{membership.Assigned{Tasks: []int32{0}, Removed: []int32{1, 2}, Members: 2}, "app: stage in: tasks 0 of 3, shared by 2 containers\n"},
	} {
		said.Reset()
		if o.Rebalanced(container.Rebalance{Origin: container.Origin{Stage: &stages[0]}, Assigned: c.assigned}); said.String() != c.want {
			t.Errorf("%+v: said %q, want %q", c.assigned, said.String(), c.want)
		}
	}
}

func TestObserver_LogsFailedRecords(t *testing.T) {
	o, said, stages := observed()
	skip := container.Skip{
		Origin: container.Origin{Stage: &stages[0]}, Skip: loop.Skip{Task: 1, Err: errors.New("no"),
			Record: stream.Position{TopicPartition: stream.TopicPartition{Topic: "words", Partition: 1}, Offset: 7},
		}}
	o.Skipped(skip) // can't be decoded
	skip.Operator, skip.ByOperator = loop.Operator{Node: 2, Name: "map-2", Text: "map at main.go:5"}, true
	o.Skipped(skip)
	if said.Len() > 0 {
		t.Errorf("said %q about what is only counted", said)
	}
	skip.ByOperator = false
	if o.Skipped(skip); !strings.Contains(said.String(), `level=WARN msg="record skipped" stage=in topic=words partition=1 offset=7 task=1 node=map-2 operator="map at main.go:5" error=no`) {
		t.Errorf("said %q", said)
	}
}
