package nomad

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

func TestStatus_OfContainers(t *testing.T) {
	s, c := stageCluster(t)
	s.deployment = api.DeploymentStatusFailed
	s.allocs[1].ClientStatus = "failed"
	s.allocs[2].ClientStatus = "lost"
	s.run("by-user", 2).ClientStatus = "pending"
	s.run("by-user", 7).ClientStatus = "complete"
	got, err := c.Status(t.Context(), "pageviews")
	if err != nil {
		t.Fatal(err)
	}
	if got.Job != "pageviews" || got.State != "running" || got.Version != 3 || got.Fingerprint == "" || got.Deployment != "of version 3: failed, so it is" {
		t.Errorf("got %+v", got)
	}
	var names []string
	for _, st := range got.Stages {
		for _, k := range st.Containers {
			names = append(names, k.Name+" "+k.State)
		}
	}
	if want := []string{"page-views[0] running", "by-user[0] running", "by-user[1] failed", "by-user[2] pending"}; !slices.Equal(names, want) || got.Stages[1].Wanted != 3 {
		t.Errorf("containers %q, want %q", names, want)
	}
	k := got.Stages[1].Containers[0]
	if k.Node != "one" || k.Restarts != 2 || k.Event != "Started: Task started by client" || !k.Since.Equal(time.Unix(1000, 0)) || k.Address != "10.0.0.1:20000" {
		t.Errorf("a container is %+v", k)
	}
	s.job.Stop = ptr(true)
	if got, err := c.Status(t.Context(), "pageviews"); err != nil || got.State != "stopped" {
		t.Errorf("a job that was stopped is %+v, %v", got, err)
	}
}

func TestClient_RefusesForeignAndMissingJobs(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*staged)
		want   string
	}{
		"none":      {func(s *staged) { s.job = nil }, "there is no such job on Nomad: submit makes it; -namespace"},
		"another's": {func(s *staged) { delete(s.job.Meta, metaOurs) }, "isn't one that submit has made for pageviews: nothing is done"},
		"another":   {func(s *staged) { s.job.Meta[metaApp] = "other" }, "isn't one that submit has made for pageviews"},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := stageCluster(t)
			test.change(s)
			w := (&watched{}).watch()
			_, status := c.Status(t.Context(), "pageviews")
			for of, err := range map[string]error{
				"status": status, "scale": c.Scale(t.Context(), "pageviews", "by-user", 1, w), "stop": c.Stop(t.Context(), "pageviews", true, w),
				"logs": c.Logs(t.Context(), "pageviews", Logs{}),
			} {
				if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrNoJob) != (name == "none") {
					t.Errorf("%s: %v", of, err)
				}
			}
			if len(s.requests) > 0 {
				t.Errorf("Nomad got the requests %q", s.requests)
			}
		})
	}
}

func TestToken_ReadFromVariable(t *testing.T) {
	s, c := stageCluster(t)
	if got := c.Token(t.Context(), "pageviews"); got != "" {
		t.Errorf("without a variable it is %q", got)
	}
	s.token = true
	if got := c.Token(t.Context(), "pageviews"); got != "hunter2" {
		t.Errorf("got %q", got)
	}
}
