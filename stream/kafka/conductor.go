package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
)

// A conductor leads a producer's transactions: it asks the coordinators, one thing
// at a time, what the transaction's state says, until there is nothing to ask. An
// at-least-once producer has one too, which asks for a producer id and nothing
// else. Its methods are called by the producer's goroutine.
type conductor struct {
	life         *life
	link         Link
	coordinators *coordinators
	sender       *sender
	log          *slog.Logger
	patience     time.Duration
	id           string // the transactional id, "" for none

	mu          sync.Mutex
	transaction transaction
	busy        bool
	rests       signal // given when there is nothing to ask
}

// transactionTimeout is after what time the broker aborts a transaction whose
// producer isn't heard of. Until then nobody reads what others have committed
// behind it.
const transactionTimeout = 30 * time.Second

// change changes the transaction, and returns what is closed when nothing is left
// to be asked.
func (c *conductor) change(f func(*transaction)) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.transaction)
	if !c.busy && c.transaction.next() != rest {
		c.busy = true
		c.life.run(c.conduct)
	}
	return c.rests.when(!c.busy)
}

// start gets a producer id. It takes over from whoever has the transactional id,
// and aborts its transaction.
func (c *conductor) start(ctx context.Context) error {
	return c.life.await(ctx, c.change(func(*transaction) {}))
}

// add has partitions added to the transaction, after which their outboxes can send.
func (c *conductor) add(all []*outbox) {
	c.change(func(t *transaction) { t.wanted = append(t.wanted, all...) })
}

// commitOffsets has a group's offsets added to the transaction.
func (c *conductor) commitOffsets(offsets stream.GroupOffsets) {
	c.change(func(t *transaction) { t.offsets, t.toGroup, t.refused = offsets, addOffsets, nil })
}

// finish ends the transaction and waits until it is over. Of one that hasn't begun
// nobody is told. One whose offsets the group doesn't take isn't committed, and goes
// on.
func (c *conductor) finish(ctx context.Context, e ending) error {
	if err := c.life.await(ctx, c.change(func(t *transaction) { t.finish(e) })); err != nil {
		return err
	}
	var refused error
	c.change(func(t *transaction) {
		if refused = t.refusal(); refused == nil || e == abort {
			t.over()
		}
	})
	if e == abort {
		return nil
	}
	return refused
}

// close aborts what is open, though the producer may have failed. What it returns
// is closed when that is done, or can't be.
func (c *conductor) close() <-chan struct{} {
	return c.change((*transaction).close)
}

// conduct asks until there is nothing to ask.
func (c *conductor) conduct() {
	trouble := setback{conductor: c}
	for {
		s, t := c.begin()
		if s == rest {
			return
		}
		asked, err := c.ask(s, &t)
		if err == nil {
			trouble.over()
			c.done(s, t.who)
			continue
		}
		if s == commitOffsets && stale(err) {
			trouble.over()
			c.refuse(fmt.Errorf("%s: %w", describe(s, &t), err))
			continue
		}
		pause, ok := trouble.wait(fmt.Errorf("%s: %w", describe(s, &t), err), c.coordinated(s, &t))
		c.mu.Lock()
		c.transaction.missed(s, !asked || !unanswered(err))
		c.mu.Unlock()
		if (!ok || c.link.Sleep(c.life.context(), pause) != nil) && c.leave(t.closing) {
			return
		}
	}
}

// begin is the next step. Where there is none, conduct ends.
func (c *conductor) begin() (step, transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.transaction.next()
	if s == rest || c.life.failure() != nil && !c.transaction.closing {
		c.busy = false
		c.rests.give()
		return rest, transaction{}
	}
	return s, c.transaction.ask(s)
}

// leave ends conduct after a failure, unless close was called since the step that
// has failed: then there may be something to abort.
func (c *conductor) leave(closing bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transaction.closing && !closing {
		return false
	}
	c.busy = false
	c.rests.give()
	return true
}

func (c *conductor) done(s step, who producerID) {
	c.mu.Lock()
	added := c.transaction.done(s, who)
	c.mu.Unlock()
	switch s {
	case initialise:
		c.sender.restart(who)
	case addPartitions:
		c.sender.admit(added)
	}
}

func (c *conductor) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.transaction.refuse(err)
}

// stale tells of a commit that the group didn't take because of its member.
func stale(err error) bool {
	return errors.Is(err, stream.ErrStaleGeneration) || errors.Is(err, stream.ErrReplaced)
}

// A setback is a series of failures of the same step.
type setback struct {
	conductor *conductor
	since     time.Time
	failures  int
	logged    bool
}

// wait returns how long to wait before the next try of something about what. It is
// false when there is to be none.
func (b *setback) wait(err error, what coordinated) (time.Duration, bool) {
	c := b.conductor
	now := c.link.Now()
	if b.failures == 0 {
		b.since = now
	}
	lasted := now.Sub(b.since)
	switch {
	case !temporary(err):
		c.life.fail(err)
		return 0, false
	case lasted >= c.patience:
		c.life.fail(fmt.Errorf("tried for %s: %w", lasted.Round(time.Second), c.coordinators.explain(c.life.context(), err, what)))
		return 0, false
	case lasted >= stallAfter && !b.logged:
		b.logged = true
		c.log.Warn("a coordinator is away; trying on", "error", c.coordinators.explain(c.life.context(), err, what))
	}
	b.failures++
	if errors.Is(err, concurrentTxns) {
		return min(firstMarkerPause<<min(b.failures-1, 16), lastMarkerPause), true
	}
	return backoff(b.failures - 1), true
}

// A coordinator refuses what comes while it still tells the partitions that the
// last transaction has ended. That takes milliseconds.
const (
	firstMarkerPause = 2 * time.Millisecond
	lastMarkerPause  = 50 * time.Millisecond
)

func (b *setback) over() {
	if b.logged {
		b.conductor.log.Info("the coordinator is back")
	}
	*b = setback{conductor: b.conductor}
}
