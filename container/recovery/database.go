package recovery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/stream"
)

const (
	// lockTimeout is how long to wait for a database that is locked. It is longer than a
	// container needs to learn that it has lost a task, or that brokers are back that were
	// unavailable.
	lockTimeout = time.Minute
	lockRetry   = 50 * time.Millisecond
)

// awaitDatabase opens the database of a task as soon as it can. The directory is this
// process's alone, but another container of the process may still have the task, and not
// know yet that the group has gone on without it.
func (r *Recovery) awaitDatabase(ctx context.Context, t *Task) error {
	for began := r.cfg.Now(); ; {
		err := r.openDatabase(t)
		if !r.cfg.Dynamic || !errors.Is(err, stream.ErrLocked) || ctx.Err() != nil || r.cfg.Now().Sub(began) > lockTimeout {
			return err
		}
		r.cfg.Await(ctx, lockRetry)
	}
}

// openDatabase opens the database of a task that has stores. A corrupt one is removed.
func (r *Recovery) openDatabase(t *Task) error {
	if len(r.cfg.Stage.Stores) == 0 {
		return nil
	}
	var names []string
	for _, s := range r.cfg.Stage.Stores {
		names = append(names, s.StateName())
	}
	db, err := r.cfg.Engine.Open(r.cfg.directory(t.ID), names)
	if dir := CorruptDir(err); dir != "" {
		if err := r.cfg.RemoveCorrupt(dir, err); err != nil {
			return err
		}
		db, err = r.cfg.Engine.Open(dir, names)
	}
	if err != nil {
		return err
	}
	t.DB = db
	t.State = kv.NewState(db, names, &r.budget)
	return r.setDerived(t.State)
}

// setDerived tells a state what its replay derives from the changelogs.
func (r *Recovery) setDerived(s *kv.State) error {
	for i, spec := range r.cfg.Stores {
		l, err := layout.Parse(spec.Layout, spec.Params)
		if err != nil {
			return fmt.Errorf("store %s: %w", r.cfg.Stage.Stores[i].Name, err)
		}
		s.SetDerive(i, l.Derive())
	}
	return nil
}

// CorruptDir returns the directory of the database that an error reports as corrupt; "" if
// it doesn't.
func CorruptDir(err error) string {
	if failed := (*kv.DatabaseError)(nil); errors.Is(err, kv.ErrCorrupt) && errors.As(err, &failed) {
		return failed.Dir
	}
	return ""
}

// RemoveCorrupt removes a corrupt database. Nothing is lost: its changelogs have all that
// it held, and more.
func (c *Config) RemoveCorrupt(dir string, why error) error {
	c.Logger.Warn("local state is corrupt: it is removed and restored from the changelog; check the disk", "stage", c.Stage.Name, "directory", dir, "error", why)
	return c.Engine.Remove(dir)
}

// discard empties a database that can't be trusted. It is then restored in full.
func (r *Recovery) discard(t *Task, why string) error {
	r.cfg.Logger.Warn("local state is discarded and restored from the changelog", "stage", r.cfg.Stage.Name, "task", t.ID, "reason", why)
	if err := t.State.Close(); err != nil {
		return err
	}
	t.State = nil
	if err := r.cfg.Engine.Remove(r.cfg.directory(t.ID)); err != nil {
		return err
	}
	return r.openDatabase(t)
}

// databaseRecord returns the meta record in the database; nil if it is empty or doesn't
// belong to the task, and then why. Whether the program fits the state is another question:
// the changelogs may have emptied it since.
func (r *Recovery) databaseRecord(t *Task) (m *meta.Record, misfit string, err error) {
	b, err := t.State.Meta()
	if err != nil || b == nil {
		return nil, "", err
	}
	parsed, err := meta.Parse(b)
	if err != nil {
		return nil, err.Error(), nil //nolint:nilerr // it is the reason
	}
	m = &parsed
	if m.System != r.cfg.System.ID() || m.App != r.cfg.App || m.Stage != r.cfg.Stage.Name || m.Task != t.ID {
		return nil, fmt.Sprintf("it belongs to task %d of %s-%s on another log (%s)", m.Task, m.App, m.Stage, m.System), nil
	}
	return m, "", nil
}
