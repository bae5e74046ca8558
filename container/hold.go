package container

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Hold has the containers of a process read no more of their inputs for a while, but
// for those that carry the job's own traffic: what is on its way through the pipeline is
// processed and committed, and the inputs stay where they are. It ends by itself, so
// that who has asked for it can't leave a job standing still. The zero value is ready,
// and safe for concurrent use; on nil nothing is ever held.
type Hold struct {
	until atomic.Pointer[time.Time] // nil: never yet; changed under mu

	mu    sync.Mutex
	seats map[*seat]bool
}

// A seat is what a container says of itself to its Hold.
type seat struct {
	rests bool // it holds, and all that it has done is committed; guarded by the Hold's mu
}

// Until holds until a time, instead of what was said before, and returns how many
// containers there are, and how many of them hold and have nothing uncommitted.
// Containers follow within half a second.
func (h *Hold) Until(t time.Time) (containers, rest int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until.Store(&t)
	for s := range h.seats {
		if s.rests {
			rest++
		}
	}
	return len(h.seats), rest
}

// On tells whether inputs are to be held at a time, as far as is known now.
func (h *Hold) On(now time.Time) bool {
	if h == nil {
		return false
	}
	t := h.until.Load()
	return t != nil && now.Before(*t)
}

// enter counts a container.
func (h *Hold) enter() *seat {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seats == nil {
		h.seats = make(map[*seat]bool)
	}
	s := &seat{}
	h.seats[s] = true
	return s
}

// leave counts it no more.
func (h *Hold) leave(s *seat) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.seats, s)
}

// turn decides whether a container holds from now on. It rests no more in any case, and
// not a moment later: who has prolonged the Hold and finds it at rest finds it holding.
func (h *Hold) turn(s *seat, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.rests = false
	return h.On(now)
}

// rest notes whether a container rests.
func (h *Hold) rest(s *seat, rests bool) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.rests = rests
}

// heed begins to hold the inputs, or goes on reading them, when the time has come.
// Watermarks stay as they are: an input that is held isn't idle.
func (c *Container) heed(now time.Time) error {
	if c.cfg.Hold.On(now) == c.holding {
		return nil
	}
	c.rested = false
	c.holding = c.cfg.Hold.turn(c.seat, now)
	for _, p := range c.partitions {
		switch {
		case !p.fromOutside() || p.ended:
		case c.holding:
			c.consumer.Unassign(p.TopicPartition)
			c.chooser.remove(p)
			p.drop()
		default:
			if err := c.consumer.Assign(p.TopicPartition, p.position); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellRest tells the Hold whether the container rests, by what the step that is over
// asks for.
func (c *Container) tellRest(w Wait) {
	idle := w.Done || !w.Until.IsZero()
	rests := c.holding && idle && !w.Uncommitted && len(c.openings) == 0 && !c.busy()
	if rests == c.rested {
		return
	}
	c.rested = rests
	c.cfg.Hold.rest(c.seat, rests)
}
