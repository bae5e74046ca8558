package nomad

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

func TestScale_WaitsForDeployments(t *testing.T) {
	s, c := stageCluster(t)
	s.deployment, s.refusals = api.DeploymentStatusRunning, 1
	w := &watched{fail: errors.New("no route")}
	if err := c.Scale(t.Context(), "pageviews", "by-user", 1, w.watch()); err != nil {
		t.Fatal(err)
	}
	// The deployment is waited for, and one that begins at that moment, too: so they are
	// told twice.
	if want := []string{"by-user[1] 10.0.0.1:20001", "by-user[1] 10.0.0.1:20001", "by-user[2] 10.0.0.1:20002", "by-user[2] 10.0.0.1:20002"}; !slices.Equal(w.told, want) {
		t.Errorf("told were %q", w.told)
	}
	said := strings.Join(w.said, "\n")
	for _, want := range []string{"waiting for the deployment of version 3 to end", "by-user[2] on one can't get its shutdown notice (no route)", "waiting for a deployment that has just started"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q isn't said:\n%s", want, said)
		}
	}
	w = &watched{}
	if err := c.Scale(t.Context(), "pageviews", "by-user", 4, w.watch()); err != nil || len(w.told) > 0 {
		t.Errorf("more: %v, told were %q", err, w.told)
	}
	asked := len(s.requests)
	if err := c.Scale(t.Context(), "pageviews", "by-user", 4, w.watch()); err != nil || len(s.requests) > asked {
		t.Errorf("as many: %v, %q", err, s.requests[asked:])
	}
}

func TestScale_ReportsWhyAContainerDoesNotStart(t *testing.T) {
	s, c := stageCluster(t)
	last := s.allocs[2]
	last.ClientStatus = api.AllocClientStatusPending
	last.TaskStates[taskName] = &api.TaskState{Events: []*api.TaskEvent{
		{Type: "Received", DisplayMessage: "Task received by client"},
		{Type: "Failed Artifact Download", DisplayMessage: "connection refused"},
		{Type: "Restarting", DisplayMessage: "Task restarting in 2s"},
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	w := &watched{}
	err := c.Scale(ctx, "pageviews", "by-user", 3, w.watch())
	if err == nil || !strings.Contains(err.Error(), "stage by-user: 2 of 3 containers run; Nomad continues") {
		t.Error(err)
	}
	want := "by-user[2] doesn't run: Failed Artifact Download: connection refused: if nodes have got the program from a submit that has ended, submit again"
	if !slices.Contains(w.said, want) {
		t.Errorf("it says %q", w.said)
	}
}

func TestScale_Refuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*staged)
		stage  string
		n      int
		want   string
	}{
		"none":     {func(*staged) {}, "by-user", 0, "scale it to 1 or more"},
		"no stage": {func(*staged) {}, "x", 2, `has no stage "x": there are page-views, by-user`},
		"stopped":  {func(s *staged) { s.job.Stop = ptr(true) }, "by-user", 2, "is stopped: submit starts it"},
		"paused":   {func(s *staged) { s.deployment = api.DeploymentStatusPaused }, "by-user", 2, "nomad deployment resume d1, or fail d1"},
		"for ever": {func(s *staged) { s.deployment = api.DeploymentStatusBlocked }, "by-user", 2, "isn't scaled: waiting for the deployment"},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := stageCluster(t)
			test.change(s)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			err := c.Scale(ctx, "pageviews", test.stage, test.n, (&watched{}).watch())
			if err == nil || !strings.Contains(err.Error(), test.want) || len(s.requests) > 0 {
				t.Errorf("%v, %q", err, s.requests)
			}
		})
	}
}

// Containers on unreachable nodes aren't waited for.
func TestStop_GivesNoticeFirst(t *testing.T) {
	s, c := stageCluster(t)
	s.allocs[1].ClientStatus = "unknown"
	w := &watched{}
	if err := c.Stop(t.Context(), "pageviews", true, w.watch()); err != nil {
		t.Fatal(err)
	}
	if len(w.told) != 3 || len(s.requests) != 2 || !strings.Contains(s.requests[0], "purge=false") || !strings.Contains(s.requests[1], "purge=true") {
		t.Errorf("notices to %q, requests %q", w.told, s.requests)
	}
	if said := strings.Join(w.said, "\n"); !strings.Contains(said, "by-user[1] is on node one, which Nomad can't reach") {
		t.Errorf("messages: %q", said)
	}
	s.allocs[1].ClientStatus = "complete"
	w = &watched{}
	if err := c.Stop(t.Context(), "pageviews", false, w.watch()); err != nil || len(s.requests) != 2 || !strings.Contains(strings.Join(w.said, "\n"), "was stopped before") {
		t.Errorf("once more: %v, %q, %q", err, s.requests, w.said)
	}
}
