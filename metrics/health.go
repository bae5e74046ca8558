package metrics

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Healthy returns an error that names the containers whose loops are stuck. A
// container that is restoring, has no task, or has ended is healthy.
func (r *Registry) Healthy() error {
	now := r.cfg.Now()
	var errs []error
	for _, c := range r.list() {
		s := c.snapshot.Load()
		still := now.Sub(s.At)
		if s.runs() && still > r.cfg.StuckAfter {
			errs = append(errs, fmt.Errorf("container %d of stage %s is stuck: its event loop hasn't run for %s; "+
				"send SIGQUIT to end the program with a dump of its goroutines", c.number, c.stage, still.Round(time.Second)))
		}
	}
	return errors.Join(errs...)
}

// Ready returns an error that names the containers and tasks that aren't running
// yet.
func (r *Registry) Ready() error {
	all := r.list()
	if len(all) == 0 {
		return errors.New("no container has started yet")
	}
	var errs []error
	for _, c := range all {
		s := c.snapshot.Load()
		if !s.Published {
			errs = append(errs, fmt.Errorf("container %d of stage %s is starting", c.number, c.stage))
		}
		for _, t := range s.Tasks {
			if t.starts() {
				errs = append(errs, fmt.Errorf("task %d of stage %s is %s%s", t.ID, c.stage, t.State, t.toRestore()))
			}
		}
	}
	return errors.Join(errs...)
}

// runs reports whether the container's loop must publish: it has running tasks,
// and isn't blocked by one that starts.
func (s *Snapshot) runs() bool {
	return slices.ContainsFunc(s.Tasks, func(t *Task) bool { return t.State == TaskRunning }) &&
		!slices.ContainsFunc(s.Tasks, (*Task).starts)
}

func (t *Task) starts() bool { return t.State == TaskStarting || t.State == TaskRestoring }

// toRestore returns a suffix for messages that says how much is left to restore.
func (t *Task) toRestore() string {
	n := t.RestoreLeft()
	if n == 0 {
		return ""
	}
	return ": " + grouped(n) + " records left"
}

// RestoreLeft returns how many changelog offsets the task has yet to replay. It is
// 0 until the restore knows.
func (t *Task) RestoreLeft() (n int64) {
	for _, s := range t.Stores {
		n += s.RestoreRecords
	}
	return n
}

// RestoreTime estimates how long the restore of a task will still take, at the rate
// so far; 0 while unknown.
func (t *Task) RestoreTime(at time.Time) time.Duration {
	var restored int64
	for _, s := range t.Stores {
		restored += s.RestoredRecords
	}
	if restored == 0 {
		return 0
	}
	took := at.Sub(time.UnixMilli(t.Opened))
	return time.Duration(float64(took) * float64(t.RestoreLeft()) / float64(restored))
}
