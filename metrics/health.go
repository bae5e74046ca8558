package metrics

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Healthy tells whether all containers are alive and getting on. One that
// restores, has no task, or has ended, is healthy; one whose loop is stuck isn't,
// and the error says so.
func (r *Registry) Healthy() error {
	now := r.cfg.Now()
	var errs []error
	for _, c := range r.list() {
		s := c.snapshot.Load()
		still := now.Sub(s.At)
		if s.runs() && still > r.cfg.StuckAfter {
			errs = append(errs, fmt.Errorf("container %d of stage %s is stuck: its loop has not turned over for %s; "+
				"SIGQUIT makes the program say where it hangs, and end", c.number, c.stage, still.Round(time.Second)))
		}
	}
	return errors.Join(errs...)
}

// Ready tells whether all tasks of all containers run; if not, the error says
// which don't.
func (r *Registry) Ready() error {
	all := r.list()
	if len(all) == 0 {
		return errors.New("no container has been started yet")
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

// runs tells whether the container's loop is expected to turn over.
func (s *Snapshot) runs() bool {
	return slices.ContainsFunc(s.Tasks, func(t *Task) bool { return t.State == TaskRunning }) &&
		!slices.ContainsFunc(s.Tasks, (*Task).starts)
}

func (t *Task) starts() bool { return t.State == TaskStarting || t.State == TaskRestoring }

// toRestore says how much is left to restore, with a colon before it.
func (t *Task) toRestore() string {
	n := t.RestoreLeft()
	if n == 0 {
		return ""
	}
	return ": " + grouped(n) + " records to go"
}

// RestoreLeft is how much of its changelogs a task hasn't replayed yet, in offsets;
// it needn't be known yet that there is something.
func (t *Task) RestoreLeft() (n int64) {
	for _, s := range t.Stores {
		n += s.RestoreRecords
	}
	return n
}

// RestoreTime is how long the restore of a task will still take as of at, if it goes
// on as it went; 0 while unknown.
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
