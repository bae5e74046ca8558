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

// A txnDriver drives the transactions of a producer: it makes one request at a time to the
// coordinators, as the transaction's state machine says, until none is left. For an
// at-least-once producer it only gets a producer id. The producer's goroutine calls its
// methods.
type txnDriver struct {
	life         *link.Lifetime
	link         link.Link
	coordinators *cluster.Coordinators
	sender       *sender
	log          *slog.Logger
	patience     time.Duration
	id           string // the transactional id; "" for none

	mu          sync.Mutex
	transaction transaction
	busy        bool
	idle        link.Signal // given when no request is left
}

// transactionTimeout is when the broker aborts a transaction of a silent producer. Until
// then, consumers see nothing that others have committed behind it.
const transactionTimeout = 30 * time.Second

// change changes the transaction. It returns a channel that is closed when no request is
// left.
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

// start gets a producer id. It fences the previous owner of the transactional id, and
// aborts its transaction.
func (c *txnDriver) start(ctx context.Context) error {
	return c.life.Await(ctx, c.change(func(*transaction) {}))
}

// addPartitionsOf adds partitions to the transaction. Their buffers can send after that.
func (c *txnDriver) addPartitionsOf(all []*partitionBuffer) {
	c.change(func(t *transaction) { t.toAdd = append(t.toAdd, all...) })
}

// addGroupOffsets adds the offsets of a group to the transaction.
func (c *txnDriver) addGroupOffsets(offsets stream.GroupOffsets) {
	c.change(func(t *transaction) { t.offsets, t.toGroup, t.refused = offsets, stepAddOffsets, nil })
}

// finish ends the transaction and waits for it. A transaction that isn't open needs no
// request. If the group refuses the offsets, the transaction isn't committed and stays
// open.
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

// close aborts the open transaction, even if the producer has failed. The channel is
// closed when that is done, or can't be done.
func (c *txnDriver) close() <-chan struct{} {
	return c.change((*transaction).close)
}

// run makes requests until none is left.
func (c *txnDriver) run() {
	trouble := failureRun{driver: c}
	for {
		s, t := c.nextStep()
		if s == stepNone {
			return
		}
		sent, err := c.send(s, &t)
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
		c.transaction.missed(s, !sent || !kerr.Unanswered(err))
		c.mu.Unlock()
		if (!ok || c.link.Sleep(c.life.Context(), pause) != nil) && c.leave(t.closing) {
			return
		}
	}
}

// nextStep returns the next step. With stepNone, run ends.
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

// leave ends run after a failure, unless close was called since the failed step: then
// there may be something to abort.
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

// stale reports whether the group refused a commit because of its member.
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

// wait returns how long to wait before the next attempt at something that a coordinator
// does; false ends the attempts.
func (b *failureRun) wait(err error, what cluster.CoordinatorKey) (time.Duration, bool) {
	c := b.driver
	now := c.link.Now()
	if b.failures == 0 {
		b.since = now
	}
	lasted := now.Sub(b.since)
	trouble := "coordinator is unavailable; retrying"
	if errors.Is(err, stream.ErrUnknownTopic) {
		trouble = "a topic doesn't exist; was it deleted? Retrying"
	}
	switch {
	case !kerr.Temporary(err):
		c.life.Fail(err)
		return 0, false
	case lasted >= c.patience:
		c.life.Fail(fmt.Errorf("tried for %s: %w", lasted.Round(time.Second), c.coordinators.Explain(c.life.Context(), err, what)))
		return 0, false
	case lasted >= link.StallAfter && !b.logged:
		b.logged = true
		c.log.Warn(trouble, "error", c.coordinators.Explain(c.life.Context(), err, what))
	}
	b.failures++
	if errors.Is(err, kerr.ConcurrentTxns) {
		return min(firstMarkerPause<<min(b.failures-1, 16), lastMarkerPause), true
	}
	return link.Backoff(b.failures - 1), true
}

// A coordinator refuses requests while it still writes the markers of the last
// transaction, for some milliseconds.
const (
	firstMarkerPause = 2 * time.Millisecond
	lastMarkerPause  = 50 * time.Millisecond
)

func (b *failureRun) end() {
	if b.logged {
		b.driver.log.Info("transactions go on")
	}
	*b = failureRun{driver: b.driver}
}
