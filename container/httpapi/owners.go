package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/share"
)

// Owners knows which process of a job has which task. It is safe for concurrent use and
// doesn't block: it knows the newest assignment that this process has got.
type Owners interface {
	// Owner returns the address, HOST:PORT, of the HTTP API of a task's owner, and whether
	// that is this process, even if the task isn't open yet. An empty address of another
	// process means that no owner is known.
	Owner(stage string, task int32) (address string, here bool)
	// Restoring reports whether a task is known to restore its state, how many records are
	// left and how long that will take, 0 if unknown. It is used if the owner is
	// unavailable.
	Restoring(stage string, task int32) (left int64, expected time.Duration, restoring bool)
	// Processes returns the known addresses of the processes of the job, in any order,
	// with or without this one.
	Processes() []string
}

// An ownership is where a task is.
type ownership struct {
	address string // empty: unknown
	here    bool
}

// owner says where a task is. A task without a known owner that is open here is here: tasks
// that stay go on during a rebalance.
func (s *server) owner(stage string, task int32) ownership {
	if s.cfg.Owners == nil {
		return ownership{s.cfg.Advertise, true}
	}
	address, here := s.cfg.Owners.Owner(stage, task)
	switch address {
	case "":
		here = here || s.cfg.Readers.Of(stage, task) != nil
	case s.cfg.Advertise: // this process, before a restart
		here = true
	}
	if here {
		address = s.cfg.Advertise
	}
	return ownership{address, here}
}

// restoring is the known progress of the restore of another process's task; nil if there is
// none.
func (s *server) restoring(stage string, task int32) *model.Restore {
	if s.cfg.Owners == nil {
		return nil
	}
	left, expected, ok := s.cfg.Owners.Restoring(stage, task)
	if !ok {
		return nil
	}
	return model.NewRestore(left, expected)
}

// containerOf is the number of the container in this process that has a task; nil if none
// has it.
func (s *server) containerOf(stage *scheduler.Stage, task int32, seen view) *int {
	at := place{stage.Name, int(task)}
	if n, ok := s.planned[at]; ok && s.cfg.Owners == nil {
		return &n
	}
	if t, ok := seen.tasks[at]; ok {
		return &t.container
	}
	return nil
}

// planned are the containers of all tasks, with a fixed assignment.
func planned(plan *scheduler.Plan) map[place]int {
	all := make(map[place]int)
	for i := range plan.Stages {
		stage := &plan.Stages[i]
		for n, tasks := range share.Fixed(stage.Tasks, stage.Containers) {
			for _, t := range tasks {
				all[place{stage.Name, int(t)}] = n
			}
		}
	}
	return all
}

// When to retry: if the duration isn't known, and at most, as another process may be faster.
const (
	shortRetry   = time.Second
	longestRetry = time.Minute
)

// unavailable is the response for a task that is unavailable now, with the reason.
func unavailable(o *Owner, restore *model.Restore, why string) *failure {
	f := &failure{status: http.StatusServiceUnavailable, retry: shortRetry, Problem: Problem{
		Message: fmt.Sprintf("task %d of stage %s %s", o.Task, o.Stage, why), Owner: o, Restore: restore,
	}}
	if restore == nil {
		return f
	}
	f.Message += fmt.Sprintf("; its state is being restored: %d records of its changelogs are left", restore.Left)
	if restore.Seconds != nil {
		left := time.Duration(*restore.Seconds) * time.Second
		f.Message += fmt.Sprintf(", about %v", left)
		f.retry = min(max(left, shortRetry), longestRetry)
	}
	return f
}

// notOpen is the response for a task of this process that isn't open yet.
func (s *server) notOpen(stage *scheduler.Stage, task int32) error {
	seen := s.look()
	owner := &Owner{Stage: stage.Name, Task: task, Container: s.containerOf(stage, task, seen), Address: s.cfg.Advertise}
	var r *model.Restore
	if t, ok := seen.tasks[place{stage.Name, int(task)}]; ok {
		r = model.RestoreOf(t.Task, seen.at)
	}
	return unavailable(owner, r, "isn't open")
}

// unowned is the response for a task without a known owner.
func (s *server) unowned(stage *scheduler.Stage, task int32) error {
	return unavailable(&Owner{Stage: stage.Name, Task: task}, s.restoring(stage.Name, task),
		"has no owner at the moment: the group is rebalancing")
}

// away is the response if the owner of a task is unreachable, with the reason.
func (s *server) away(stage *scheduler.Stage, task int32, address string, why error) *failure {
	return unavailable(&Owner{Stage: stage.Name, Task: task, Address: address}, s.restoring(stage.Name, task),
		fmt.Sprintf("is at %s, which %v", address, why))
}
