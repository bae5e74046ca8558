package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// A Container runs tasks of one stage. It belongs to one goroutine.
type Container struct {
	cfg        Config
	member     *membership.Member // of the stage's group; nil: the assignment is fixed
	consumer   stream.Consumer
	producer   stream.Producer
	budget     kv.Budget
	tasks      []*task       // by id
	openings   []*opening    // of tasks that are to come
	opened     chan struct{} // gets a token when an opening, or the follower, is over
	woken      chan struct{} // gets a token when an operator has something to take in
	follower   *follower     // of tasks that others own; nil: there is none
	partitions []*partition
	byName     map[stream.TopicPartition]*partition
	chooser    chooser
	owner      string                   // tells this life of the container from others, in meta records
	before     map[int32]meta.Claim     // by task: the last commit of who owned it before
	ids        map[string]string        // of topics, by name, as of the last opening
	reopens    int                      // since the last commit but the first
	skip       map[stream.Position]bool // records that failed after they had changed something
	unsettled  bool                     // tasks are being adopted
	clean      bool                     // it stops, all is committed
	holder     *membership.Holder       // nil if there is no Hold
	holding    bool                     // inputs aren't read, but for the job's own traffic
	settled    bool                     // as the Hold was told

	now        int64 // ms, as of the last step
	lastCommit time.Time
	lastTrim   time.Time
	lastIdle   time.Time
	untrimmed  string // why the last trim failed
	lastFlush  time.Time
	lastFresh  time.Time
	counts     metrics.Loop
	published  time.Time
}

// Open makes a container ready. Where its tasks are fixed, their state is restored
// from their changelogs, and their inputs stand where the last commit left them; else
// it has none until [Container.Step] hears of them.
func Open(ctx context.Context, cfg Config) (*Container, error) {
	c := &Container{cfg: cfg.withDefaults(), skip: make(map[stream.Position]bool), holder: cfg.Hold.Enter()}
	err := c.joinGroup(ctx)
	if err == nil {
		err = c.open(ctx)
	}
	if err != nil {
		err = errors.Join(err, c.Close())
	}
	return c, err
}

// open starts the container, whose tasks come later. The producer comes first, since
// it fences a former life, and settles what that one had begun.
func (c *Container) open(ctx context.Context) error {
	c.byName, c.before = make(map[stream.TopicPartition]*partition), make(map[int32]meta.Claim)
	c.opened, c.woken = make(chan struct{}, 1), make(chan struct{}, 1)
	c.owner = c.cfg.NewID()
	c.budget.Limit = c.cfg.memory().Cache()
	if err := c.start(ctx); err != nil {
		return c.recovered(ctx, fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err))
	}
	if c.member != nil {
		return nil // the next step looks for what it has
	}
	if err := c.begin(ctx, c.cfg.Tasks); err != nil {
		return err
	}
	return c.recovered(ctx, c.awaitOpened(ctx))
}

// awaitOpened waits until there is nothing more to open.
func (c *Container) awaitOpened(ctx context.Context) error {
	for len(c.openings) > 0 {
		c.cfg.Await(ctx, publishEvery, c.opened)
		c.publish(c.cfg.Now(), false)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.adoptOpened(ctx); err != nil {
			return err
		}
	}
	return nil
}

// start opens what the container needs.
func (c *Container) start(ctx context.Context) error {
	var err error
	if c.producer, err = c.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: c.cfg.TransactionalID(), AtLeastOnce: c.cfg.AtLeastOnce}); err != nil {
		return err
	}
	if c.consumer, err = c.cfg.System.OpenConsumer(ctx, stream.ConsumerConfig{MaxBytes: c.cfg.memory().Fetch()}); err != nil {
		return err
	}
	c.lastCommit = c.cfg.Now()
	c.now = c.lastCommit.UnixMilli()
	c.lastFlush = c.lastCommit
	if !c.cfg.AtLeastOnce {
		c.lastFresh = c.lastCommit
	}
	return nil
}

// moveAll has all tasks take part in the next commit.
func (c *Container) moveAll() {
	for _, t := range c.tasks {
		t.moved = true
	}
}

// Close stops the container without a commit, as a crash would. Its group keeps what
// it has, for a while.
func (c *Container) Close() error {
	defer c.holder.Leave()
	err := c.close()
	if c.member != nil {
		err = errors.Join(err, c.member.Close())
	}
	return err
}

// close closes all but the place in the group. It may come again.
func (c *Container) close() error {
	c.hideState(c.tasks)
	var errs []error
	errs = append(errs, c.unfollow(true))
	for _, o := range slices.Clone(c.openings) {
		errs = append(errs, c.discardOpening(o))
	}
	if c.consumer != nil {
		errs = append(errs, c.consumer.Close())
	}
	if c.producer != nil {
		errs = append(errs, c.producer.Close())
	}
	errs = append(errs, c.closeTasks(c.tasks))
	c.consumer, c.producer, c.tasks = nil, nil, nil
	return errors.Join(errs...)
}

// Stop commits what is finished and closes. What the log gives up at that moment is
// done again at the next start. Its group gives to others what it had.
func (c *Container) Stop(ctx context.Context) error { return c.stop(ctx, false) }

// stop is Stop, and may have the group keep what the container has, as it will be back.
func (c *Container) stop(ctx context.Context, back bool) error {
	defer c.holder.Leave()
	var err error
	if c.member.MayCommit() {
		err = c.commitLast(ctx)
	}
	if lost(err) {
		c.cfg.Logger.Warn("the last commit couldn't be made; what it held is processed again at the next start", "error", err)
		err = nil
	}
	err = errors.Join(err, c.close())
	if c.member == nil {
		return err
	}
	if !back {
		c.member.Leave(ctx)
	}
	return errors.Join(err, c.member.Close())
}

// commitLast is a commit that nothing comes after.
func (c *Container) commitLast(ctx context.Context) error {
	err := c.commit(ctx)
	if err == nil && c.cfg.AtLeastOnce {
		err = c.markClean(ctx)
	}
	return errors.Join(err, c.savePositions(c.tasks))
}

// markClean says in the meta records that the group's offsets are committed up to
// them. It is a commit of its own: without a transaction the one before had
// written its meta records first.
func (c *Container) markClean(ctx context.Context) error {
	c.clean = true
	c.moveAll()
	return c.commit(ctx)
}

// ErrBack is the cause of a context that ends containers which will be back soon:
// their group keeps what they have for them.
var ErrBack = errors.New("it will be back")

// Run opens a container and runs it until ctx is done (then it commits, closes
// and returns nil), until its bounded run has ended, or until it fails.
func Run(ctx context.Context, cfg Config) error {
	c, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	if err := c.loop(ctx); err != nil {
		return errors.Join(err, c.Close())
	}
	// ctx is done, but what is finished is still committed.
	return c.stop(context.WithoutCancel(ctx), errors.Is(context.Cause(ctx), ErrBack))
}
