package run

import (
	"context"
	"sync"
	"time"

	"github.com/gretestream/grete/scheduler"
)

// An admission is complete when all stages of this process work by the plan. Until then
// the job may still run by another plan, or refuse this process.
type admission struct {
	mu       sync.Mutex
	waiting  map[string]bool // stages that don't work yet
	complete chan struct{}   // closed when there are none
}

func newAdmission(stages []scheduler.Stage) *admission {
	a := &admission{waiting: make(map[string]bool), complete: make(chan struct{})}
	for i := range stages {
		a.waiting[stages[i].Name] = true
	}
	return a
}

// admit notes that a stage works.
func (a *admission) admit(stage string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if delete(a.waiting, stage); len(a.waiting) > 0 {
		return
	}
	select {
	case <-a.complete:
	default:
		close(a.complete)
	}
}

// wait waits until the admission is complete, or ctx is done, and reports whether it is
// complete.
func (a *admission) wait(ctx context.Context) bool {
	select {
	case <-ctx.Done():
	case <-a.complete:
	}
	select {
	case <-a.complete:
		return true
	default:
		return false
	}
}

// recordTimeout bounds the recording of the plan while the job is being stopped.
const recordTimeout = 10 * time.Second
