package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/metrics/model"
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
	for i := range job.Stages {
		job.Stages[i].AddLag()
		job.Running = job.Running || len(job.Stages[i].Containers) > 0
	}
	return writeJSON(w, http.StatusOK, job)
}

func (s *server) jobHere() model.Job {
	seen := s.look()
	job := model.Job{
		App: s.cfg.Plan.App, Cluster: s.cfg.Cluster,
		Process: model.Process{
			Address: s.cfg.Advertise, Fingerprint: s.cfg.Plan.Fingerprint, PlanVersion: s.cfg.Plan.Version,
			Program: model.ProgramOf(s.cfg.Build), At: seen.at.UnixMilli(),
		},
	}
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
			if t.State == metrics.TaskStandby {
				continue // another container has it, maybe one of this process
			}
			v.tasks[place{c.Stage, int(t.ID)}] = seenTask{t, c.Container}
		}
	}
	return v
}

// stage describes the part of a stage in this process.
func (s *server) stage(plan *scheduler.Stage, seen view) model.Stage {
	stage := model.Stage{Name: plan.Name, Group: plan.Group, Containers: []model.Container{}, Tasks: []model.Task{}}
	for _, n := range s.containers(plan, seen) {
		stage.Containers = append(stage.Containers, model.NewContainer(s.cfg.Advertise, n, seen.containers[place{plan.Name, n}]))
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

func (s *server) task(plan *scheduler.Stage, id int32, seen view) model.Task {
	t := model.Task{
		ID: id, Address: s.cfg.Advertise, Container: s.containerOf(plan, id, seen),
		State: metrics.TaskStarting.String(), Inputs: []model.Input{}, Stores: s.sizes(plan, id),
	}
	if m, ok := seen.tasks[place{plan.Name, int(id)}]; ok {
		t.Observe(m.Task, seen.at)
	}
	return t
}

// sizes reads the sizes of the task's stores.
func (s *server) sizes(plan *scheduler.Stage, task int32) []model.Store {
	stores := make([]model.Store, len(plan.Stores))
	reader := s.cfg.Readers.Of(plan.Name, task)
	for i := range stores {
		stores[i].Name = plan.Stores[i].Name
		if reader == nil {
			continue
		}
		if size, err := reader.Stats(i); err == nil { // otherwise it has just been closed
			stores[i].Keys, stores[i].DiskBytes, stores[i].MemoryBytes = &size.Keys, &size.DiskBytes, &size.MemoryBytes
		}
		stores[i].Forms = s.forms(plan, task, i, reader)
	}
	return stores
}

// formsLimit is how many values of a store are looked at for their forms.
const formsLimit = 1 << 20

// forms counts the values of a task's store by form, if the store may have several. It looks
// at the first [formsLimit] values.
func (s *server) forms(plan *scheduler.Stage, task int32, number int, reader kv.Reader) map[string]int64 {
	table := s.cfg.Readers.Forms(plan.Name, task, number)
	if len(table) < 2 {
		return nil
	}
	st, err := s.find(plan.Stores[number].Name)
	if err != nil {
		return nil
	}
	counts, _, err := layout.CountForms(reader, number, st.Layout, formsLimit)
	if err != nil { // the database has just been closed
		return nil
	}
	forms := make(map[string]int64, len(counts))
	for n, count := range counts {
		if count > 0 && n < len(table) {
			forms[table[n]] = count
		}
	}
	return forms
}
