package model_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/metrics/model"
)

func ptr[T any](v T) *T { return &v }

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestTask_ObservesCounters(t *testing.T) {
	var got model.Task
	got.Observe(&metrics.Task{
		State: metrics.TaskRestoring, Opened: noon.Add(-10 * time.Second).UnixMilli(), Watermark: metrics.NoTime,
		Inputs:    []*metrics.Input{{Topic: "in", Partition: 3, Records: 9, Skipped: 2, Next: 5, End: 7}, {Topic: "new", Next: -1, End: -1}},
		Operators: []*metrics.Operator{{Name: "per-minute", Late: 4, Skipped: 1}},
		Stores:    []*metrics.Store{{RestoredRecords: 100, RestoreRecords: 50}},
	}, noon)
	want := model.Task{
		State: "restoring", Restore: &model.Restore{Left: 50, Seconds: ptr(int64(5))},
		Inputs: []model.Input{
			{Topic: "in", Partition: 3, Position: ptr(int64(5)), End: ptr(int64(7)), Lag: ptr(int64(2)), Records: ptr(int64(9)), Skipped: ptr(int64(2))},
			{Topic: "new", Records: ptr(int64(0)), Skipped: ptr(int64(0))},
		},
		Operators: []model.Operator{{Name: "per-minute", Late: 4, Skipped: 1}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRestoreOf_RunningTaskHasNone(t *testing.T) {
	if r := model.RestoreOf(&metrics.Task{State: metrics.TaskRunning}, noon); r != nil {
		t.Errorf("got %+v", r)
	}
	if r := model.RestoreOf(&metrics.Task{State: metrics.TaskRestoring}, noon); r == nil || r.Seconds != nil {
		t.Errorf("got %+v, want a restore of unknown duration", r)
	}
}

func TestNewContainer_WithoutSnapshot(t *testing.T) {
	c := model.NewContainer("here:80", 0, nil)
	if *c.Number != 0 || *c.Commits != 0 || c.LastCommit != nil || c.Rebalances != nil {
		t.Errorf("got %+v, want container 0 without a commit", c)
	}
	c = model.NewContainer("here:80", 1, &metrics.Snapshot{Loop: metrics.Loop{Commits: 2, LastCommit: 7, Rebalances: 3}})
	if *c.Number != 1 || *c.Commits != 2 || *c.LastCommit != 7 || *c.Rebalances != 3 {
		t.Errorf("got %+v, want what was published", c)
	}
}

func TestStage_AddLag(t *testing.T) {
	in := func(lag ...int64) (t model.Task) {
		for _, n := range lag {
			i := model.Input{Lag: &n}
			if n < 0 {
				i.Lag = nil
			}
			t.Inputs = append(t.Inputs, i)
		}
		return t
	}
	for name, c := range map[string]struct {
		tasks []model.Task
		want  *int64
	}{
		"all known":          {[]model.Task{in(1, 2), in(0)}, ptr(int64(3))},
		"one input unknown":  {[]model.Task{in(1, -1), in(0)}, nil},
		"one task unopened":  {[]model.Task{in(1), in()}, nil},
		"no task":            {nil, nil},
		"everything is read": {[]model.Task{in(0)}, ptr(int64(0))},
	} {
		s := model.Stage{Tasks: c.tasks, Lag: ptr(int64(99))}
		if s.AddLag(); !reflect.DeepEqual(s.Lag, c.want) {
			t.Errorf("%s: lag %v, want %v", name, s.Lag, c.want)
		}
	}
}

func TestStage_SortContainers(t *testing.T) {
	s := model.Stage{Containers: []model.Container{{Address: "b"}, {Address: "a", Number: ptr(1)}, {Address: "a", Number: ptr(0)}, {Address: "a"}}}
	s.SortContainers()
	b, err := json.Marshal(s.Containers)
	if want := `[{"address":"a"},{"number":0,"address":"a"},{"number":1,"address":"a"},{"address":"b"}]`; err != nil || string(b) != want {
		t.Errorf("got %s, %v; want %s", b, err, want)
	}
}

// Processes read each other's JSON.
func TestJob_JSONRoundTrip(t *testing.T) {
	want := model.Job{
		App: "shop", Process: model.Process{Address: "here:80", Fingerprint: "5f2c", Program: model.ProgramOf(metrics.Build{Version: "v1", Revision: "abc", Go: "go1"})},
		Nomad: &model.Nomad{Job: "shop", State: "running"}, Others: []model.Process{{Address: "gone:80", Error: "no route"}},
		Stages: []model.Stage{{
			Name: "in", Group: "shop-in", State: "stable", Members: []model.Member{{Instance: "a", Tasks: []int32{0}}}, Nobody: []int32{1},
			Containers: []model.Container{
				model.NewContainer("here:80", 0, nil),
				{Address: "there:80", Instance: "a", Allocation: &model.Allocation{Name: "in[0]", State: "running", Since: noon, Restarts: 2}},
			},
			Tasks: []model.Task{{ID: 0, State: model.StateUnknown, Operators: []model.Operator{{Name: "w", Late: 1}}, Stores: []model.Store{{Name: "w", Keys: ptr(int64(3))}}}},
		}},
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got model.Job
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v; got %+v, want %+v", err, got, want)
	}
}
