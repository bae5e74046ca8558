package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gretestream/grete/metrics"
)

func TestHealth_ReportsUnhealthyContainers(t *testing.T) {
	task := func(states ...metrics.TaskState) *metrics.Loop {
		l := &metrics.Loop{}
		for i, s := range states {
			l.Tasks = append(l.Tasks, &metrics.Task{ID: int32(i), State: s, Stores: []*metrics.Store{{}}})
		}
		return l
	}
	restoring := task(metrics.TaskRunning, metrics.TaskRestoring)
	restoring.Tasks[1].Stores[0].RestoreRecords = 12345
	const running, ended = metrics.TaskRunning, metrics.TaskEnded
	for name, tt := range map[string]struct {
		loop           *metrics.Loop // nil: hasn't published
		silent         time.Duration
		healthy, ready string // messages; "" means 200
	}{
		"running":        {loop: task(running, running), silent: time.Minute},
		"stuck":          {loop: task(running, ended), silent: 61 * time.Second, healthy: "container 2 of stage by-user is stuck: its event loop hasn't run for 1m1s; send SIGQUIT to end the program with a dump of its goroutines"},
		"starting":       {silent: time.Hour, ready: "container 2 of stage by-user is starting"},
		"opening a task": {loop: task(metrics.TaskStarting), silent: time.Hour, ready: "task 0 of stage by-user is starting"},
		"restoring":      {loop: restoring, silent: time.Hour, ready: "task 1 of stage by-user is restoring: 12,345 records left"},
		"without a task": {loop: task(), silent: time.Hour},
		"ended":          {loop: task(ended), silent: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			reg := newRegistry(c)
			ct := reg.Container("by-user", 2)
			if tt.loop != nil {
				ct.Publish(tt.loop)
			}
			c.advance(tt.silent)
			h := metrics.Handler(reg)
			ask(t, h, "/healthz", tt.healthy)
			ask(t, h, "/readyz", tt.ready)
		})
	}
}

func TestReady_FailsWithoutContainers(t *testing.T) {
	h := metrics.Handler(newRegistry(newClock()))
	ask(t, h, "/healthz", "")
	ask(t, h, "/readyz", "no container has started yet")
}

// ask expects 503 with the problem, or 200 if the problem is "".
func ask(t *testing.T, h http.Handler, path, problem string) {
	t.Helper()
	status, answer := http.StatusOK, "ok"
	if problem != "" {
		status, answer = http.StatusServiceUnavailable, problem
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != status || w.Body.String() != answer+"\n" {
		t.Errorf("%s answers %d %q, want %d %q", path, w.Code, w.Body, status, answer)
	}
}
