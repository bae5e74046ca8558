package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/share"
)

// job describes the whole job, or, with local=true, its part in this process.
func (s *server) job(w http.ResponseWriter, r *http.Request) error {
	job := s.jobHere()
	local := false
	if text := r.URL.Query().Get("local"); text != "" {
		var err error
		if local, err = strconv.ParseBool(text); err != nil {
			return badRequest(fmt.Errorf("local: %q is neither true nor false", text))
		}
	}
	if s.cfg.Owners != nil && !local && !forwarded(r) {
		s.addOthers(r.Context(), &job)
	}
	return writeJSON(w, http.StatusOK, job)
}

func (s *server) jobHere() Job {
	seen := s.look()
	b := s.cfg.Build
	job := Job{App: s.cfg.Plan.App, Process: Process{
		Address: s.cfg.Advertise, Fingerprint: s.cfg.Plan.Fingerprint, PlanVersion: s.cfg.Plan.Version,
		Program: Program{Version: b.Version, Revision: b.Revision, Go: b.Go},
		At:      seen.at.UnixMilli(),
	}}
	for i := range s.cfg.Plan.Stages {
		job.Stages = append(job.Stages, s.stage(&s.cfg.Plan.Stages[i], seen))
	}
	return job
}

// A view is what the containers have published, at one time.
type view struct {
	at         time.Time
	containers map[place]*metrics.Snapshot
	tasks      map[place]seenTask
}

// A seenTask is one that a container has published.
type seenTask struct {
	*metrics.Task
	container int
}

// A place is a container or a task of a stage.
type place struct {
	stage  string
	number int
}

func (s *server) look() view {
	sample := s.cfg.Registry.Sample()
	v := view{sample.At, make(map[place]*metrics.Snapshot), make(map[place]seenTask)}
	for _, c := range sample.Containers {
		v.containers[place{c.Stage, c.Container}] = c
		for _, t := range c.Tasks {
			v.tasks[place{c.Stage, int(t.ID)}] = seenTask{t, c.Container}
		}
	}
	return v
}

// stage describes the part of a stage in this process.
func (s *server) stage(plan *scheduler.Stage, seen view) Stage {
	stage := Stage{Name: plan.Name, Group: plan.Group, Containers: []Container{}, Tasks: []Task{}}
	for _, n := range s.containers(plan, seen) {
		c := Container{Number: n, Address: s.cfg.Advertise}
		if snap := seen.containers[place{plan.Name, n}]; snap != nil {
			c.Commits, c.LastCommit = snap.Commits, known(snap.LastCommit, 0)
		}
		stage.Containers = append(stage.Containers, c)
	}
	for id := range plan.Tasks {
		if s.owner(plan.Name, id).here {
			stage.Tasks = append(stage.Tasks, s.task(plan, id, seen))
		}
	}
	return stage
}

// containers are the numbers of a stage's containers in this process: the planned ones, or,
// with a dynamic assignment, the existing ones.
func (s *server) containers(plan *scheduler.Stage, seen view) (numbers []int) {
	if s.cfg.Owners == nil {
		for n := range share.Fixed(plan.Tasks, plan.Containers) {
			numbers = append(numbers, n)
		}
		return numbers
	}
	for at := range seen.containers {
		if at.stage == plan.Name {
			numbers = append(numbers, at.number)
		}
	}
	slices.Sort(numbers)
	return numbers
}

func (s *server) task(plan *scheduler.Stage, id int32, seen view) Task {
	t := Task{
		ID: id, Address: s.cfg.Advertise, Container: s.containerOf(plan, id, seen),
		State: metrics.TaskStarting.String(), Inputs: []Input{}, Stores: s.sizes(plan, id),
	}
	m, ok := seen.tasks[place{plan.Name, int(id)}]
	if !ok {
		return t
	}
	t.State, t.Watermark, t.Restore = m.State.String(), known(m.Watermark, metrics.NoTime), restore(m.Task, seen.at)
	for _, in := range m.Inputs {
		t.Inputs = append(t.Inputs, Input{
			Topic: in.Topic, Partition: in.Partition, Position: known(in.Next, -1), End: known(in.End, -1), Lag: known(in.Lag(), -1),
		})
	}
	return t
}

// sizes reads the sizes of the task's stores.
func (s *server) sizes(plan *scheduler.Stage, task int32) []Store {
	stores := make([]Store, len(plan.Stores))
	reader := s.cfg.Readers.Of(plan.Name, task)
	for i := range stores {
		stores[i].Name = plan.Stores[i].Name
		if reader == nil {
			continue
		}
		if size, err := reader.Stats(i); err == nil { // otherwise it has just been closed
			stores[i].Keys, stores[i].DiskBytes, stores[i].MemoryBytes = &size.Keys, &size.DiskBytes, &size.MemoryBytes
		}
	}
	return stores
}

// known returns nil for the value that stands for unknown.
func known(n, none int64) *int64 {
	if n == none {
		return nil
	}
	return &n
}
