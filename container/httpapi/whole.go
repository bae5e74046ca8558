package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/scheduler"
)

// jobsAtOnce bounds how many processes are queried at a time.
const jobsAtOnce = 64

// addOthers queries the other processes of the job, and adds their parts.
func (s *server) addOthers(ctx context.Context, job *model.Job) {
	jobs := s.askJobs(ctx)
	for _, other := range jobs {
		job.Others = append(job.Others, other.Process)
	}
	for i := range job.Stages {
		s.addStage(&job.Stages[i], &s.cfg.Plan.Stages[i], jobs)
	}
}

// others are the addresses of the other processes: the known ones, and those of the tasks'
// owners.
func (s *server) others() []string {
	addresses := slices.Clone(s.cfg.Owners.Processes())
	for i := range s.cfg.Plan.Stages {
		stage := &s.cfg.Plan.Stages[i]
		for t := range stage.Tasks {
			addresses = append(addresses, s.owner(stage.Name, t).address)
		}
	}
	slices.Sort(addresses)
	return slices.DeleteFunc(slices.Compact(addresses), func(a string) bool { return a == "" || a == s.cfg.Advertise })
}

// askJobs queries all other processes, and returns their responses in the order of their
// addresses.
func (s *server) askJobs(ctx context.Context) (jobs []model.Job) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.PeerTimeout)
	defer cancel()
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(jobsAtOnce)
	for _, address := range s.others() {
		g.Go(func() error {
			job := s.askJob(ctx, address)
			mu.Lock()
			defer mu.Unlock()
			jobs = append(jobs, job)
			return nil
		})
	}
	_ = g.Wait() // failures are in the responses
	slices.SortFunc(jobs, func(a, b model.Job) int { return cmp.Compare(a.Address, b.Address) })
	return jobs
}

// askJob queries another process for its part of the job.
func (s *server) askJob(ctx context.Context, address string) (job model.Job) {
	at := &url.URL{Path: "/api/v1/job", RawQuery: "local=true"}
	got, err := s.peers.get(ctx, address, at, http.Header{ForwardedHeader: {"job"}})
	switch {
	case err != nil:
	case got.status != http.StatusOK:
		err = fmt.Errorf("answers with status %d: %s", got.status, got.failure().Message)
	case json.Unmarshal(got.body, &job) != nil:
		err = errPart
	}
	if err != nil {
		job = model.Job{Process: model.Process{Error: fmt.Sprintf("%s %v", address, err)}}
	}
	job.Address = address
	return job
}

// addStage adds the parts of a stage in other processes, so that each task occurs once.
func (s *server) addStage(stage *model.Stage, plan *scheduler.Stage, jobs []model.Job) {
	tasks, told := make([]model.Task, plan.Tasks), make([]bool, plan.Tasks)
	for id := range plan.Tasks {
		tasks[id] = s.unseen(plan, id)
	}
	take := func(all []model.Task, address string) {
		for _, t := range all {
			// If two claim a task, the known owner has it.
			if t.ID >= 0 && t.ID < plan.Tasks && (!told[t.ID] || address == s.owner(plan.Name, t.ID).address) {
				t.Address = address
				tasks[t.ID], told[t.ID] = t, true
			}
		}
	}
	take(stage.Tasks, s.cfg.Advertise)
	for _, job := range jobs {
		for _, other := range job.Stages {
			if other.Name == stage.Name {
				stage.Containers = append(stage.Containers, other.Containers...)
				take(other.Tasks, job.Address)
			}
		}
	}
	stage.SortContainers()
	stage.Tasks = tasks
}

// unseen describes a task without a response of its owner.
func (s *server) unseen(plan *scheduler.Stage, id int32) model.Task {
	t := model.Task{
		ID: id, Address: s.owner(plan.Name, id).address, State: model.StateUnknown,
		Restore: s.restoring(plan.Name, id), Inputs: []model.Input{}, Stores: make([]model.Store, len(plan.Stores)),
	}
	if t.Restore != nil {
		t.State = metrics.TaskRestoring.String()
	}
	for i := range t.Stores {
		t.Stores[i].Name = plan.Stores[i].Name
	}
	return t
}
