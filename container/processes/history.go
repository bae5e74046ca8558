package processes

import (
	"slices"
	"time"
)

// A history is when a process was started again lately.
type history struct {
	limits
	restarted []time.Time
}

// ended tells of a process that has ended now how long to wait before it is started
// again, or that this was done often enough.
func (h *history) ended(now time.Time) (pause time.Duration, again bool) {
	h.restarted = slices.DeleteFunc(h.restarted, func(t time.Time) bool { return now.Sub(t) >= h.window })
	lately := len(h.restarted)
	if lately >= h.restarts {
		return 0, false
	}
	h.restarted = append(h.restarted, now)
	return h.pause << lately, true
}
