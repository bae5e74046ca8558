package nomad

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// A staged cluster is a fake Nomad API with one job. It applies changes a moment later.
type staged struct {
	*testing.T
	mu         sync.Mutex
	job        *api.Job // nil: there is none
	allocs     []*api.AllocationListStub
	deployment string // status; "": none
	refusals   int    // of scaling, as a deployment has just begun
	logs       map[string]string
	token      bool
	requests   []string
}

func stageCluster(t *testing.T) (*staged, *Client) {
	job, err := Job(pageviews(t), least())
	if err != nil {
		t.Fatal(err)
	}
	job.Canonicalize()
	job.Status, job.Version = ptr("running"), ptr(uint64(3))
	s := &staged{T: t, job: job, logs: make(map[string]string)}
	for i := range 3 {
		s.run("by-user", i)
	}
	s.run("page-views", 0)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := Open(Options{Address: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return s, c
}

// run adds a running container.
func (s *staged) run(stage string, index int) *api.AllocationListStub {
	n := len(s.allocs)
	a := &api.AllocationListStub{
		ID: fmt.Sprintf("%08d-0000", n), JobID: "pageviews", Name: fmt.Sprintf("pageviews.%s[%d]", stage, index), TaskGroup: stage,
		NodeID: "n1", NodeName: "one", ClientStatus: "running", DesiredStatus: "run", CreateIndex: uint64(n),
		TaskStates:         map[string]*api.TaskState{taskName: {State: "running", StartedAt: time.Unix(1000, 0), Restarts: 2, Events: []*api.TaskEvent{{Type: "Started", DisplayMessage: "Task started  by client"}}}},
		AllocatedResources: &api.AllocatedResources{Shared: api.AllocatedSharedResources{Ports: []api.PortMapping{{Label: portHTTP, HostIP: "10.0.0.1", Value: 20000 + n}}}},
	}
	s.allocs = append(s.allocs, a)
	return a
}

func (s *staged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	if r.Method != http.MethodGet {
		s.requests = append(s.requests, what+"?"+r.URL.RawQuery)
	}
	switch {
	case what == "GET /v1/allocations":
		s.answer(w, s.allocs)
	case strings.HasPrefix(what, "GET /v1/client/fs/logs/"):
		s.frame(w, s.logs[strings.TrimPrefix(what, "GET /v1/client/fs/logs/")+r.URL.Query().Get("type")])
	case what == "GET /v1/var/nomad/jobs/pageviews" && s.token:
		s.answer(w, api.Variable{Items: map[string]string{"GRETE_TOKEN": "hunter2"}})
	case s.job == nil || !strings.HasPrefix(r.URL.Path, "/v1/job/pageviews"):
		http.Error(w, "job not found", http.StatusNotFound)
	case what == "GET /v1/job/pageviews":
		s.answer(w, s.job)
	case what == "GET /v1/job/pageviews/deployment" && s.deployment == "":
		s.answer(w, nil)
	case what == "GET /v1/job/pageviews/deployment":
		s.answer(w, api.Deployment{ID: "d1", JobVersion: 3, Status: s.deployment, StatusDescription: "so it is"})
		if s.deployment == api.DeploymentStatusRunning {
			s.deployment = api.DeploymentStatusSuccessful
		}
	case what == "GET /v1/job/pageviews/versions":
		former := *s.job
		former.Version = ptr(uint64(2))
		s.answer(w, map[string]any{"Versions": []*api.Job{s.job, &former}})
	case what == "PUT /v1/job/pageviews/revert":
		s.answer(w, api.JobRegisterResponse{})
	case what == "PUT /v1/job/pageviews/scale":
		s.scale(w, r)
	case what == "DELETE /v1/job/pageviews":
		s.job.Stop = ptr(true)
		s.end(func(*api.AllocationListStub) bool { return true })
		s.answer(w, api.JobDeregisterResponse{})
	}
}

func (s *staged) answer(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.Error(err)
	}
}

func (s *staged) frame(w http.ResponseWriter, text string) {
	for len(text) > 0 { // in pieces
		n := min(len(text), 7)
		_, _ = fmt.Fprintf(w, `{"Data":%q,"File":"x","Offset":%d}`, base64.StdEncoding.EncodeToString([]byte(text[:n])), 7)
		text = text[n:]
	}
}

func (s *staged) scale(w http.ResponseWriter, r *http.Request) {
	if s.refusals > 0 {
		s.refusals--
		http.Error(w, "job scaling blocked due to active deployment", http.StatusBadRequest)
		return
	}
	var asked api.ScalingRequest
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		s.Error(err)
	}
	n := int(*asked.Count)
	for _, g := range s.job.TaskGroups {
		if *g.Name == asked.Target["Group"] {
			for i := *g.Count; i < n; i++ {
				s.run(*g.Name, i)
			}
			g.Count = &n
		}
	}
	s.end(func(a *api.AllocationListStub) bool {
		return a.TaskGroup == asked.Target["Group"] && indexOf(a.Name) >= n
	})
	s.answer(w, api.JobRegisterResponse{})
}

// end ends the containers on reachable nodes.
func (s *staged) end(which func(*api.AllocationListStub) bool) {
	for _, a := range s.allocs {
		if which(a) && a.ClientStatus == "running" {
			a.ClientStatus, a.DesiredStatus = "complete", "stop"
		}
	}
}

// A watched change records notices and messages.
type watched struct {
	mu   sync.Mutex
	told []string
	said []string
	fail error
}

func (w *watched) watch() Watch {
	return Watch{
		Notify: func(_ context.Context, k Container) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, k.Name+" "+k.Address)
			slices.Sort(w.told)
			return w.fail
		},
		Say: func(line string) { w.said = append(w.said, line) },
	}
}
