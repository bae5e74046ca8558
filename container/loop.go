package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// A Wait is what Step asks for before it is called again.
type Wait struct {
	// Until is when there is something to do although no record comes; zero: do
	// not wait at all.
	Until time.Time
	// Uncommitted says that something has happened since the last commit.
	Uncommitted bool
	// Done says that the bounded run has ended and is committed.
	Done bool
}

// stepRecords bounds the records of one step, so that commits come in time.
const stepRecords = 8192

// loop steps until ctx is done or the bounded run has ended.
func (c *Container) loop(ctx context.Context) error {
	for ctx.Err() == nil {
		wait, err := c.Step(ctx)
		if err != nil || wait.Done {
			return err
		}
		if wait.Until.IsZero() {
			continue
		}
		began := c.cfg.Now()
		c.cfg.Await(ctx, wait.Until.Sub(began), c.consumer.Ready(), c.opened, c.woken, c.member.Ready())
		c.spend(&c.counts.Phases.Idle, began)
	}
	return nil
}

// Step does a bounded piece of work: it takes in what has arrived, processes
// some of it, and commits if that is due.
func (c *Container) Step(ctx context.Context) (Wait, error) {
	w, err := c.step(ctx)
	if err != nil {
		return Wait{}, c.recovered(ctx, err)
	}
	c.reportSettled(w)
	return w, nil
}

func (c *Container) step(ctx context.Context) (Wait, error) {
	began := c.cfg.Now()
	c.now = began.UnixMilli()
	if err := c.applyHold(began); err != nil {
		return Wait{}, err
	}
	if err := c.pollGroup(ctx); err != nil {
		return Wait{}, err
	}
	if err := c.adoptOpened(ctx); err != nil {
		return Wait{}, err
	}
	if err := c.poll(); err != nil {
		return Wait{}, err
	}
	began = c.spend(&c.counts.Phases.Poll, began)
	n, pending, err := c.work()
	if err != nil {
		return Wait{}, err
	}
	began = c.spend(&c.counts.Phases.Process, began)
	done := c.ended()
	c.keepFresh(began)
	if c.commitDue(began, done) {
		if err := c.commit(ctx); err != nil {
			return Wait{}, err
		}
		began = c.spend(&c.counts.Phases.Commit, began)
	}
	c.counts.Turns++
	c.publish(began, done)
	if done {
		return Wait{Done: true}, nil
	}
	if n > 0 || pending {
		return Wait{Uncommitted: c.anyMoved()}, nil
	}
	return Wait{Until: c.wakeAt(), Uncommitted: c.anyMoved()}, nil
}

// work processes some of what is there. Where no more fits into memory before a commit
// that can't be made now, it waits.
func (c *Container) work() (n int, pending bool, err error) {
	if c.full() && !c.member.MayCommit() {
		return 0, false, nil
	}
	returning, err := c.resume()
	if err != nil {
		return 0, false, err
	}
	if n, err = c.process(stepRecords); err != nil {
		return 0, false, err
	}
	c.endInputs()
	c.checkIdle(c.cfg.Now())
	advancing, err := c.advance()
	if err != nil {
		return 0, false, err
	}
	ticking, err := c.tick()
	return n, returning || advancing || ticking, err
}

// full tells that a commit must come before much else.
func (c *Container) full() bool {
	return c.budget.CommitDue() || c.producer.Buffered() > c.cfg.memory().Transaction()
}

// poll takes in the chunks that have arrived.
func (c *Container) poll() error {
	chunks, err := c.consumer.Poll()
	if outside := (*stream.OffsetOutOfRangeError)(nil); errors.As(err, &outside) {
		err = c.outOfRange(outside)
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	for _, chunk := range chunks {
		p := c.byName[chunk.TopicPartition]
		if p == nil {
			continue
		}
		p.take(chunk)
		if err := c.load(p); err != nil {
			return err
		}
		c.arrange(p)
	}
	return nil
}

// process pushes up to limit records down their tasks, and returns how many.
func (c *Container) process(limit int) (int, error) {
	total := 0
	for total < limit {
		p, until := c.chooser.choose()
		if p == nil {
			break
		}
		n, err := c.run(p, until)
		if err != nil {
			return total, err
		}
		total += n
		c.keepBack(p.task)
		if c.full() {
			break
		}
	}
	return total, nil
}

// ended tells whether the bounded run has come to its end here.
func (c *Container) ended() bool {
	for _, t := range c.tasks {
		if !t.ended {
			return false
		}
	}
	return c.cfg.Run != 0 && len(c.openings) == 0
}

// wakeAt is when there is something to do although no record comes: a commit, an
// input that becomes idle, or a sign of life.
func (c *Container) wakeAt() time.Time {
	at := c.clockDue(c.cfg.Now().Add(publishEvery))
	if due := c.lastCommit.Add(c.cfg.CommitInterval); c.member.MayCommit() && c.anyMoved() && due.Before(at) {
		return due
	}
	return at
}
