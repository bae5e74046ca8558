package recovery

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A lockedEngine has databases that another container has open for so many attempts.
type lockedEngine struct {
	kv.Engine
	attempts int
}

func (e *lockedEngine) Open(dir string, stores []string) (kv.Database, error) {
	if e.attempts > 0 {
		return nil, stream.ErrLocked
	}
	return e.Engine.Open(dir, stores)
}

// Another container of the process may still have a database open, as it hasn't heard yet
// that it has lost the task. A recovery waits for it, but not for ever, and not if tasks
// don't move.
func TestAwaitDatabase_LockedByAnotherContainer(t *testing.T) {
	for name, test := range map[string]struct {
		dynamic  bool
		attempts int
		want     error
	}{
		"for a moment":     {true, 5, nil},
		"for ever":         {true, 1 << 30, stream.ErrLocked},
		"fixed assignment": {false, 1, stream.ErrLocked},
	} {
		e, now := &lockedEngine{memory.New(1 << 20), test.attempts}, time.Unix(1, 0)
		stage := &scheduler.Stage{Name: "s", Stores: []scheduler.Store{{Name: "count"}}}
		r := New(Config{
			Stage: stage, Dynamic: test.dynamic, Engine: e, Now: func() time.Time { return now },
			Await: func(_ context.Context, d time.Duration, _ ...<-chan struct{}) {
				now, e.attempts = now.Add(d), e.attempts-1
			},
		}, []int32{0})
		if err := r.awaitDatabase(t.Context(), r.Tasks[0]); !errors.Is(err, test.want) || (err == nil) != (r.Tasks[0].State != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
