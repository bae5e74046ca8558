package produce

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A txnDriver leads a producer's transactions: it asks the coordinators, one thing
// at a time, what the transaction's state says, until there is nothing to ask. An
// at-least-once producer has one too, which asks for a producer id and nothing
// else. Its methods are called by the producer's goroutine.
type txnDriver struct {
	life         *link.Lifetime
	link         link.Link
	coordinators *cluster.Coordinators
	sender       *sender
	log          *slog.Logger
	patience     time.Duration
	id           string // the transactional id, "" for none

	mu          sync.Mutex
	transaction transaction
	busy        bool
	idle        link.Signal // given when there is nothing to ask
}

// transactionTimeout is after what time the broker aborts a transaction whose
// producer isn't heard of. Until then nobody reads what others have committed
// behind it.
const transactionTimeout = 30 * time.Second

// change changes the transaction, and returns what is closed when nothing is left
// to be asked.
func (c *txnDriver) change(f func(*transaction)) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.transaction)
	if !c.busy && c.transaction.next() != stepNone {
		c.busy = true
		c.life.Go(c.run)
	}
	return c.idle.Done(!c.busy)
}

// start gets a producer id. It takes over from whoever has the transactional id,
// and aborts its transaction.
func (c *txnDriver) start(ctx context.Context) error {
	return c.life.Await(ctx, c.change(func(*transaction) {}))
}

// addPartitionsOf has partitions added to the transaction, after which their outboxes can send.
func (c *txnDriver) addPartitionsOf(all []*partitionBuffer) {
	c.change(func(t *transaction) { t.toAdd = append(t.toAdd, all...) })
}

// addGroupOffsets has a group's offsets added to the transaction.
func (c *txnDriver) addGroupOffsets(offsets stream.GroupOffsets) {
	c.change(func(t *transaction) { t.offsets, t.toGroup, t.refused = offsets, stepAddOffsets, nil })
}

// finish ends the transaction and waits until it is over. Of one that hasn't begun
// nobody is told. One whose offsets the group doesn't take isn't committed, and goes
// on.
func (c *txnDriver) finish(ctx context.Context, e ending) error {
	if err := c.life.Await(ctx, c.change(func(t *transaction) { t.finish(e) })); err != nil {
		return err
	}
	var refused error
	c.change(func(t *transaction) {
		if refused = t.refusal(); refused == nil || e == abort {
			t.reset()
		}
	})
	if e == abort {
		return nil
	}
	return refused
}

// close aborts what is open, though the producer may have failed. What it returns
// is closed when that is done, or can't be.
func (c *txnDriver) close() <-chan struct{} {
	return c.change((*transaction).close)
}

// run asks until there is nothing to ask.
func (c *txnDriver) run() {
	trouble := failureRun{driver: c}
	for {
		s, t := c.nextStep()
		if s == stepNone {
			return
		}
		asked, err := c.send(s, &t)
		if err == nil {
			trouble.end()
			c.done(s, t.who)
			continue
		}
		if s == stepCommitOffsets && stale(err) {
			trouble.end()
			c.refuse(fmt.Errorf("%s: %w", describe(s, &t), err))
			continue
		}
		pause, ok := trouble.wait(fmt.Errorf("%s: %w", describe(s, &t), err), c.coordinatorKey(s, &t))
		c.mu.Lock()
		c.transaction.missed(s, !asked || !kerr.Unanswered(err))
		c.mu.Unlock()
		if (!ok || c.link.Sleep(c.life.Context(), pause) != nil) && c.leave(t.closing) {
			return
		}
	}
}

// nextStep is the next step. Where there is none, conduct ends.
func (c *txnDriver) nextStep() (step, transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.transaction.next()
	if s == stepNone || c.life.Failure() != nil && !c.transaction.closing {
		c.busy = false
		c.idle.Give()
		return stepNone, transaction{}
	}
	return s, c.transaction.request(s)
}

// leave ends conduct after a failure, unless close was called since the step that
// has failed: then there may be something to abort.
func (c *txnDriver) leave(closing bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transaction.closing && !closing {
		return false
	}
	c.busy = false
	c.idle.Give()
	return true
}

func (c *txnDriver) done(s step, who producerID) {
	c.mu.Lock()
	added := c.transaction.done(s, who)
	c.mu.Unlock()
	switch s {
	case stepInitProducer:
		c.sender.setProducer(who)
	case stepAddPartitions:
		c.sender.release(added)
	}
}

func (c *txnDriver) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.transaction.refuse(err)
}

// stale tells of a commit that the group didn't take because of its member.
func stale(err error) bool {
	return errors.Is(err, stream.ErrStaleGeneration) || errors.Is(err, stream.ErrReplaced)
}

// A failureRun is a series of failures of the same step.
type failureRun struct {
	driver   *txnDriver
	since    time.Time
	failures int
	logged   bool
}

// wait returns how long to wait before the next try of something about what. It is
// false when there is to be none.
func (b *failureRun) wait(err error, what cluster.CoordinatorKey) (time.Duration, bool) {
	c := b.driver
	now := c.link.Now()
	if b.failures == 0 {
		b.since = now
	}
	lasted := now.Sub(b.since)
	switch {
	case !kerr.Temporary(err):
		c.life.Fail(err)
		return 0, false
	case lasted >= c.patience:
		c.life.Fail(fmt.Errorf("tried for %s: %w", lasted.Round(time.Second), c.coordinators.Explain(c.life.Context(), err, what)))
		return 0, false
	case lasted >= link.StallAfter && !b.logged:
		b.logged = true
		c.log.Warn("a coordinator is away; trying on", "error", c.coordinators.Explain(c.life.Context(), err, what))
	}
	b.failures++
	if errors.Is(err, kerr.ConcurrentTxns) {
		return min(firstMarkerPause<<min(b.failures-1, 16), lastMarkerPause), true
	}
	return link.Backoff(b.failures - 1), true
}

// A coordinator refuses what comes while it still tells the partitions that the
// last transaction has ended. That takes milliseconds.
const (
	firstMarkerPause = 2 * time.Millisecond
	lastMarkerPause  = 50 * time.Millisecond
)

func (b *failureRun) end() {
	if b.logged {
		b.driver.log.Info("the coordinator is back")
	}
	*b = failureRun{driver: b.driver}
}
