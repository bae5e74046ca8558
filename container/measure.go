package container

import "time"

type phase int

const (
	phasePoll phase = iota
	phaseProcess
	phaseCommit
	phaseIdle
	phases
)

type partitionCounts struct{ Records, Bytes, Skipped int64 }
type outputCounts struct{ Records, Bytes int64 }
type taskCounts struct{ Late, Skipped int64 }
type loopCounts struct {
	Time    [phases]time.Duration
	Commits int64
}

// spent adds the time since began to a phase, and returns the time.
func (c *Container) spent(p phase, began time.Time) time.Time {
	now := c.cfg.Now()
	c.counts.Time[p] += now.Sub(began)
	return now
}
func (c *Container) publish()   {}
func (c *Container) committed() {}
func (r *restorer) publish()    {}

// ended tells whether the bounded run has come to its end here.
func (c *Container) ended() bool {
	for _, t := range c.tasks {
		if !t.ended {
			return false
		}
	}
	return c.cfg.Run != 0
}

// wakeAt is when there is something to do although no record comes.
func (c *Container) wakeAt() time.Time {
	at := c.cfg.Now().Add(time.Second)
	if c.anyMoved() {
		if due := c.lastCommit.Add(c.cfg.CommitInterval); due.Before(at) {
			at = due
		}
	}
	return at
}
