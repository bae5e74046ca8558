package httpapi

import (
	"math"
	"net/http"
	"time"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

func (s *server) job(w http.ResponseWriter, _ *http.Request) error {
	seen := s.look()
	b := s.cfg.Build
	job := Job{
		App: s.cfg.Plan.App, Fingerprint: s.cfg.Plan.Fingerprint, PlanVersion: s.cfg.Plan.Version,
		Program: Program{Version: b.Version, Revision: b.Revision, Go: b.Go},
		At:      seen.at.UnixMilli(),
	}
	for i := range s.cfg.Plan.Stages {
		job.Stages = append(job.Stages, s.stage(&s.cfg.Plan.Stages[i], seen))
	}
	return writeJSON(w, http.StatusOK, job)
}

// A view is what the containers had published at one time.
type view struct {
	at         time.Time
	containers map[place]*metrics.Snapshot
	tasks      map[place]*metrics.Task
}

// A place is a container or a task of a stage.
type place struct {
	stage  string
	number int
}

func (s *server) look() view {
	sample := s.cfg.Registry.Sample()
	v := view{sample.At, make(map[place]*metrics.Snapshot), make(map[place]*metrics.Task)}
	for _, c := range sample.Containers {
		v.containers[place{c.Stage, c.Container}] = c
		for _, t := range c.Tasks {
			v.tasks[place{c.Stage, int(t.ID)}] = t
		}
	}
	return v
}

func (s *server) stage(plan *scheduler.Stage, seen view) Stage {
	stage := Stage{Name: plan.Name, Group: plan.Group, Containers: []Container{}, Tasks: make([]Task, plan.Tasks)}
	for n, tasks := range scheduler.Assign(plan.Tasks, plan.Containers) {
		c := Container{Number: n, Address: s.cfg.Advertise}
		if snap := seen.containers[place{plan.Name, n}]; snap != nil {
			c.Commits, c.LastCommit = snap.Commits, known(snap.LastCommit, 0)
		}
		stage.Containers = append(stage.Containers, c)
		for _, id := range tasks {
			stage.Tasks[id] = s.task(plan, id, n, seen)
		}
	}
	return stage
}

func (s *server) task(plan *scheduler.Stage, id int32, owner int, seen view) Task {
	t := Task{ID: id, Container: owner, State: metrics.TaskStarting.String(), Inputs: []Input{}, Stores: s.sizes(plan, id)}
	m := seen.tasks[place{plan.Name, int(id)}]
	if m == nil {
		return t
	}
	t.State, t.Watermark, t.Restore = m.State.String(), known(m.Watermark, metrics.NoTime), restore(m, seen.at)
	for _, in := range m.Inputs {
		t.Inputs = append(t.Inputs, Input{
			Topic: in.Topic, Partition: in.Partition, Position: known(in.Next, -1), End: known(in.End, -1), Lag: known(in.Lag(), -1),
		})
	}
	return t
}

// sizes asks the task's stores.
func (s *server) sizes(plan *scheduler.Stage, task int32) []Store {
	stores := make([]Store, len(plan.Stores))
	reader := s.cfg.Readers.Of(plan.Name, task)
	for i := range stores {
		stores[i].Name = plan.Stores[i].Name
		if reader == nil {
			continue
		}
		if size, err := reader.Stats(i); err == nil { // else it has just been closed
			stores[i].Keys, stores[i].DiskBytes, stores[i].MemoryBytes = &size.Keys, &size.DiskBytes, &size.MemoryBytes
		}
	}
	return stores
}

// restore is how far a task's restore is; nil if there is none.
func restore(m *metrics.Task, at time.Time) *Restore {
	if m == nil || m.State != metrics.TaskRestoring {
		return nil
	}
	r := &Restore{Left: m.RestoreLeft()}
	if left := m.RestoreTime(at); left > 0 {
		seconds := int64(math.Ceil(left.Seconds()))
		r.Seconds = &seconds
	}
	return r
}

// known returns nil for the value that stands for none.
func known(n, none int64) *int64 {
	if n == none {
		return nil
	}
	return &n
}
