package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// Under exactly-once one producer at a time may write for a task. The next owner of a task
// must fence the previous producer before it reads how far that one came. A container
// fences the previous lives of its own producer by opening it. The last meta records of its
// tasks name those of other containers, if the number of containers has changed.

// fence fences the previous owners of the tasks. It reports whether there were any that
// weren't fenced yet: what they have committed meanwhile must be looked for.
func (x *restorer) fence(ctx context.Context) (found bool, err error) {
	for _, t := range x.tasks {
		if t.last == nil || t.last.Producer == "" || x.r.fenced[t.last.Producer] || x.r.cfg.Live[t.last.Producer] {
			continue
		}
		id := t.last.Producer
		p, err := x.r.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: id})
		if err == nil {
			err = p.Close()
		}
		if err != nil {
			return false, fmt.Errorf("fencing producer %s, which has written task %d: %w", id, t.ID, err)
		}
		x.r.fenced[id], found = true, true
	}
	return found, nil
}

// LastClaims returns who made the last commits of tasks, without opening their databases.
// Commits count that can't be read yet because their end markers aren't written.
func LastClaims(ctx context.Context, cfg Config, tasks []int32) (map[int32]meta.Claim, error) {
	x := restorer{r: New(cfg, tasks)}
	err := x.look(ctx, cfg.System.Admin().LogEnds)
	if err := errors.Join(err, x.close()); err != nil {
		return nil, fmt.Errorf("looking for the last commits: %w", err)
	}
	claims := make(map[int32]meta.Claim)
	for _, t := range x.tasks {
		claims[t.ID] = t.last.Claim()
	}
	return claims, nil
}

// errBeingReset refuses to start.
var errBeingReset = errors.New("a reset of the job was started and not finished: nothing was changed now; run the reset again")

// checkReset refuses to go on from where tasks are being reset, before any producer is
// fenced. It reports whether to look again: while a reset is running, or its end isn't in a
// changelog yet.
func (x *restorer) checkReset(ctx context.Context) (again bool, err error) {
	i := slices.IndexFunc(x.tasks, func(t *history) bool { return t.last != nil && t.last.Reset != "" })
	if i < 0 || x.r.resets {
		return false, nil
	}
	behind, err := x.behind(ctx)
	if err == nil && !behind {
		err = fmt.Errorf("task %d: %w", x.tasks[i].ID, errBeingReset)
	}
	return behind, err
}

// A DisownedError is a failure that another copy of the container may have caused, which
// has taken its tasks over.
type DisownedError struct{ Err error }

func (e DisownedError) Error() string { return e.Err.Error() }
func (e DisownedError) Unwrap() error { return e.Err }
