package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// publish has container 0 of the second stage run task 0 and restore task 2. Its
// second container has published nothing.
func (j *job) publish() {
	j.readers.Hide("by-user", 2, j.dbs[2].Reader())
	j.readers.Hide("by-user", 1, j.dbs[1].Reader())
	began := j.now.UnixMilli()
	j.now = j.now.Add(10 * time.Second)
	j.cfg.Registry.Container("orders", 0).Publish(&metrics.Loop{
		Commits: 7, LastCommit: began, Tasks: []*metrics.Task{{State: metrics.TaskRunning, Watermark: metrics.NoTime,
			Inputs: []*metrics.Input{{Topic: "orders", Next: 5, End: -1}}}},
	})
	j.cfg.Registry.Container("by-user", 0).Publish(&metrics.Loop{Rebalances: 4, Tasks: []*metrics.Task{
		{ID: 0, State: metrics.TaskRunning, Watermark: began,
			Inputs:    []*metrics.Input{{Topic: "shop-by-user", Next: 90, End: 100, Records: 90, Skipped: 2}},
			Operators: []*metrics.Operator{{Name: "minutes", Late: 3, Skipped: 1}}},
		{ID: 2, State: metrics.TaskRestoring, Opened: began, Watermark: metrics.NoTime, Stores: []*metrics.Store{
			{RestoredRecords: 1000, RestoreRecords: 2000}, {RestoreRecords: 500},
		}},
	}})
	j.cfg.Registry.Container("by-user", 1)
}

func TestJob(t *testing.T) {
	j := newJob(t)
	for i := range 9 {
		j.put(0, strings.Repeat("k", i), int64Of(1))
	}
	j.publish()
	golden(t, "job.json", j.get("/api/v1/job").Body.String())
}

// A container of the same process may have a standby of a running task.
func TestJob_StandbyDoesNotHideTask(t *testing.T) {
	j := newJob(t)
	j.publish()
	want := j.get("/api/v1/job").Body.String()
	j.cfg.Registry.Container("by-user", 1).Publish(&metrics.Loop{Tasks: []*metrics.Task{{ID: 0, State: metrics.TaskStandby}}})
	if got := j.get("/api/v1/job").Body.String(); got != want {
		t.Errorf("with a standby the job is\n%s\nwant\n%s", got, want)
	}
}

func TestHealth(t *testing.T) {
	j := newJob(t)
	var ok httpapi.Health
	var bad httpapi.Problem
	j.answer("/api/v1/health", http.StatusOK, &ok)
	j.answer("/api/v1/ready", http.StatusServiceUnavailable, &bad)
	j.publish()
	if j.answer("/api/v1/health", http.StatusOK, &ok); !ok.OK {
		t.Error("restoring isn't healthy")
	}
	j.answer("/api/v1/ready", http.StatusServiceUnavailable, &bad)
	if len(bad.Reasons) != 2 || !strings.Contains(bad.Message, "; and 1 more") || !strings.Contains(bad.Reasons[0], "task 2") {
		t.Errorf("it isn't ready: %+v", bad)
	}
	j.now = j.now.Add(2 * time.Minute) // the first stage runs, and doesn't turn over
	if j.answer("/api/v1/health", http.StatusServiceUnavailable, &bad); !strings.Contains(bad.Message, "container 0 of stage orders is stuck") {
		t.Errorf("it isn't healthy: %+v", bad)
	}
}

// A response for a key of a task that is being restored names the owner and the time that
// is left.
func TestRestoring(t *testing.T) {
	j := newJob(t)
	j.publish()
	key := keyOf(2)
	for _, path := range []string{"/api/v1/stores/counts/" + key, "/api/v1/stores/minutes/" + key, "/api/v1/stores/minutes/" + key + "?window=0"} {
		var p httpapi.Problem
		w := j.answer(path, http.StatusServiceUnavailable, &p)
		if p.Owner == nil || p.Owner.Task != 2 || p.Owner.Stage != "by-user" || *p.Owner.Container != 0 || p.Owner.Address != "here.example:8080" || p.Restore == nil ||
			p.Restore.Left != 2500 || p.Restore.Seconds == nil || *p.Restore.Seconds != 25 || w.Header().Get("Retry-After") != "25" {
			t.Errorf("%s answers %+v, retry after %q", path, p, w.Header().Get("Retry-After"))
		}
	}
	var p httpapi.Problem
	w := j.answer("/api/v1/stores/counts?limit=1", http.StatusServiceUnavailable, &p)
	if p.Owner == nil || p.Owner.Task != 1 || *p.Owner.Container != 1 || p.Restore != nil || !slices.Equal(p.Tasks, []int32{1, 2}) || w.Header().Get("Retry-After") != "25" {
		t.Errorf("a range of a task that isn't there answers %+v", p)
	}
	if err := j.dbs[0].Close(); err != nil {
		t.Error(err)
	}
	j.answer("/api/v1/stores/counts/"+keyOf(0), http.StatusServiceUnavailable, &p) // closed, and not yet taken out
}

// keyOf is a key that a task has.
func keyOf(task int32) string {
	for key := "k"; ; key += "k" {
		if stream.PartitionOf([]byte(key), tasks) == task {
			return key
		}
	}
}
