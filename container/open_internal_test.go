package container

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A lockedEngine has its databases in use, until somebody has waited so often.
type lockedEngine struct {
	kv.Engine
	waits int
}

func (e *lockedEngine) Open(dir string, stores []string) (kv.Database, error) {
	if e.waits > 0 {
		return nil, stream.ErrLocked
	}
	return e.Engine.Open(dir, stores)
}

// A database that another container of the process has still, which hasn't heard yet
// that the task isn't its own, is waited for; not for ever, and not where nobody else
// can have the task.
func TestDatabaseOfANeighbourIsWaitedFor(t *testing.T) {
	for name, test := range map[string]struct {
		membership *membership.Config
		waits      int
		want       error
	}{
		"for a moment":   {&membership.Config{}, 5, nil},
		"for ever":       {&membership.Config{}, 1 << 30, stream.ErrLocked},
		"without others": {nil, 1, stream.ErrLocked},
	} {
		e, now := &lockedEngine{memory.New(1 << 20), test.waits}, time.Unix(1, 0)
		o := &opening{cfg: Config{
			Membership: test.membership, Engine: e, Now: func() time.Time { return now },
			Await: func(_ context.Context, d time.Duration, _ ...<-chan struct{}) { now, e.waits = now.Add(d), e.waits-1 },
		}}
		task := &task{Task: Task{stage: &scheduler.Stage{Name: "s", Stores: []scheduler.Store{{Name: "count"}}}}}
		if err := o.awaitState(t.Context(), task); !errors.Is(err, test.want) || (err == nil) != (task.State != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
