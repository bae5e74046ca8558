package membership

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Hold makes the containers of a process stop reading their inputs for a while, except
// for those that carry the job's own traffic. Records in the middle of the pipeline are
// processed and committed; the inputs stay where they are. A Hold ends by itself, so that
// a client that is gone can't leave a job standing still. The zero value is ready to use,
// and safe for concurrent use. A nil Hold never holds.
type Hold struct {
	until atomic.Pointer[time.Time] // nil: never set; changed under mu

	mu      sync.Mutex
	holders map[*Holder]bool
}

// A Holder is the entry of one container in a [Hold]. It belongs to the container's
// goroutine. A nil Holder never holds.
type Holder struct {
	hold    *Hold
	settled bool // it holds, and all its work is committed; guarded by hold.mu
}

// Until holds until a time, which replaces any earlier one. It returns the number of
// containers, and how many of them hold and have nothing uncommitted. Containers follow
// within half a second.
func (h *Hold) Until(t time.Time) (containers, settled int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until.Store(&t)
	for x := range h.holders {
		if x.settled {
			settled++
		}
	}
	return len(h.holders), settled
}

// On reports whether inputs are to be held at a time.
func (h *Hold) On(now time.Time) bool {
	t := h.until.Load()
	return t != nil && now.Before(*t)
}

// Enter registers a container. It returns nil if h is nil.
func (h *Hold) Enter() *Holder {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holders == nil {
		h.holders = make(map[*Holder]bool)
	}
	x := &Holder{hold: h}
	h.holders[x] = true
	return x
}

// Leave unregisters the container.
func (x *Holder) Leave() {
	if x == nil {
		return
	}
	x.hold.mu.Lock()
	defer x.hold.mu.Unlock()
	delete(x.hold.holders, x)
}

// On reports, without a lock, whether inputs are to be held at a time.
func (x *Holder) On(now time.Time) bool { return x != nil && x.hold.On(now) }

// Turn decides whether the container holds from now on. In any case it isn't settled any
// more, at the same moment: a client that prolongs the Hold and finds the container settled
// can rely on it still holding.
func (x *Holder) Turn(now time.Time) bool {
	if x == nil {
		return false
	}
	x.hold.mu.Lock()
	defer x.hold.mu.Unlock()
	x.settled = false
	return x.hold.On(now)
}

// SetSettled notes whether the container holds and has nothing uncommitted.
func (x *Holder) SetSettled(settled bool) {
	if x == nil {
		return
	}
	x.hold.mu.Lock()
	defer x.hold.mu.Unlock()
	x.settled = settled
}
