package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/share"
)

// Owners knows who has which task, where a job is several processes. It is safe for
// concurrent use, and doesn't wait: it says what is known at the moment, by the newest
// assignment that has come to this process.
type Owners interface {
	// Owner returns the address, HOST:PORT, at which the owner of a task answers, and
	// whether that is this process, be the task open already or not. An empty address
	// of another one: nobody is known to have the task.
	Owner(stage string, task int32) (address string, here bool)
	// Restoring tells whether a task is known to restore its state, with how many
	// records are left and how long it will take, 0 if unknown. It is asked where the
	// owner itself can't be.
	Restoring(stage string, task int32) (left int64, expected time.Duration, restoring bool)
	// Processes returns the addresses of all processes of the job that are known, in
	// any order, this one among them or not.
	Processes() []string
}

// An ownership is where a task is.
type ownership struct {
	address string // empty: nobody knows
	here    bool
}

// owner says where a task is. What nobody else is known to have, and is open here, is
// here: while tasks are shared anew those that stay go on.
func (s *server) owner(stage string, task int32) ownership {
	if s.cfg.Owners == nil {
		return ownership{s.cfg.Advertise, true}
	}
	address, here := s.cfg.Owners.Owner(stage, task)
	switch address {
	case "":
		here = here || s.cfg.Readers.Of(stage, task) != nil
	case s.cfg.Advertise: // it was this process before a restart, too
		here = true
	}
	if here {
		address = s.cfg.Advertise
	}
	return ownership{address, here}
}

// restoring is how far the restore of another process' task is known to be; nil if
// there is none.
func (s *server) restoring(stage string, task int32) *Restore {
	if s.cfg.Owners == nil {
		return nil
	}
	left, expected, ok := s.cfg.Owners.Restoring(stage, task)
	if !ok {
		return nil
	}
	return newRestore(left, expected)
}

// newRestore says how much is left to restore, and for how long, if that is known.
func newRestore(left int64, expected time.Duration) *Restore {
	r := &Restore{Left: left}
	if expected > 0 {
		seconds := int64(math.Ceil(expected.Seconds()))
		r.Seconds = &seconds
	}
	return r
}

// containerOf is the number of the container in this process that has a task; nil
// while none has it.
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

// planned are the containers of all tasks where they are fixed.
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

// Times after which people are told to ask again: where it isn't known how long it
// takes, and at most, as others may be faster.
const (
	shortRetry   = time.Second
	longestRetry = time.Minute
)

// unavailable is the answer for a task that can't be asked now, and why.
func unavailable(o *Owner, restore *Restore, why string) *failure {
	f := &failure{status: http.StatusServiceUnavailable, retry: shortRetry, Problem: Problem{
		Message: fmt.Sprintf("task %d of stage %s %s", o.Task, o.Stage, why), Owner: o, Restore: restore,
	}}
	if restore == nil {
		return f
	}
	f.Message += fmt.Sprintf("; it restores its state: %d records of its changelogs are left", restore.Left)
	if restore.Seconds != nil {
		left := time.Duration(*restore.Seconds) * time.Second
		f.Message += fmt.Sprintf(", about %v", left)
		f.retry = min(max(left, shortRetry), longestRetry)
	}
	return f
}

// notOpen says of a task that is here when it may be asked.
func (s *server) notOpen(stage *scheduler.Stage, task int32) error {
	seen := s.look()
	owner := &Owner{Stage: stage.Name, Task: task, Container: s.containerOf(stage, task, seen), Address: s.cfg.Advertise}
	var r *Restore
	if t, ok := seen.tasks[place{stage.Name, int(task)}]; ok {
		r = restore(t.Task, seen.at)
	}
	return unavailable(owner, r, "isn't open")
}

// unowned says that nobody is known to have a task.
func (s *server) unowned(stage *scheduler.Stage, task int32) error {
	return unavailable(&Owner{Stage: stage.Name, Task: task}, s.restoring(stage.Name, task),
		"has no owner at the moment: the tasks are being shared anew")
}

// away says that the owner of a task can't be asked, and why.
func (s *server) away(stage *scheduler.Stage, task int32, address string, why error) *failure {
	return unavailable(&Owner{Stage: stage.Name, Task: task, Address: address}, s.restoring(stage.Name, task),
		fmt.Sprintf("is at %s, which %v", address, why))
}

// restore is how far a task's restore is; nil if there is none.
func restore(m *metrics.Task, at time.Time) *Restore {
	if m == nil || m.State != metrics.TaskRestoring {
		return nil
	}
	return newRestore(m.RestoreLeft(), m.RestoreTime(at))
}
