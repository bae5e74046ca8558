package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// A Container runs tasks of one stage. It belongs to one goroutine.
type Container struct {
	cfg        Config
	consumer   stream.Consumer
	producer   stream.Producer
	budget     kv.Budget
	tasks      []*task
	partitions []*partition
	byName     map[stream.TopicPartition]*partition
	chooser    chooser
	owner      string                   // tells this life of the container from others, in meta records
	before     map[int32]claim          // by task: the last commit of who owned it before
	fenced     map[string]bool          // producers that can't write any more, this one's former lives among them
	ids        map[string]string        // of topics, by name, as of the start
	cameBack   int                      // since the last commit but the first
	skip       map[stream.Position]bool // records that failed after they had changed something
	unsettled  bool                     // something must be committed before anything else is done
	clean      bool                     // it stops, all is committed

	now        int64 // ms, as of the last step
	lastCommit time.Time
	lastTrim   time.Time
	untrimmed  string // why the last trim failed
	lastFlush  time.Time
	lastFresh  time.Time
	counts     metrics.Loop
	published  time.Time
}

// Open makes a container ready: its tasks' state is restored from their
// changelogs, and their inputs stand where the last commit left them.
func Open(ctx context.Context, cfg Config) (*Container, error) {
	c := &Container{cfg: cfg.withDefaults(), skip: make(map[stream.Position]bool)}
	return c, c.open(ctx)
}

// open starts the container. What a crash has left half done is settled by a first
// commit, and so is where a new input starts.
func (c *Container) open(ctx context.Context) error {
	c.byName = make(map[stream.TopicPartition]*partition)
	c.fenced, c.before = make(map[string]bool), make(map[int32]claim)
	c.owner = c.cfg.NewID()
	c.budget.Limit = c.cfg.cacheBytes()
	err := c.start(ctx)
	if err != nil {
		err = fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
	} else if c.unsettled {
		err = c.commit(ctx)
	}
	switch {
	case err == nil:
		c.unsettled = false
		c.showState()
		return nil
	case lost(err):
		return c.comeBack(ctx, err)
	case corrupt(err) != "":
		return c.heal(ctx, err)
	}
	return errors.Join(err, c.Close())
}

// replay goes back to what is committed, and on from there without the record
// that failed.
func (c *Container) replay(ctx context.Context, without *RecordError) error {
	c.cfg.Logger.Warn("going back to the last commit, to leave a record out that has failed", "error", without)
	if err := c.Close(); err != nil {
		return err
	}
	skip := c.skip
	skip[stream.Position{TopicPartition: without.TopicPartition, Offset: without.Offset}] = true
	*c = Container{cfg: c.cfg, skip: skip}
	return c.open(ctx)
}

// start opens what the container needs, in this order: the producer first, since
// it fences a former owner and settles what that one had begun; then the state;
// then the inputs.
func (c *Container) start(ctx context.Context) error {
	var err error
	if c.producer, err = c.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: c.cfg.TransactionalID(), AtLeastOnce: c.cfg.AtLeastOnce}); err != nil {
		return err
	}
	c.fenced[c.cfg.TransactionalID()] = !c.cfg.AtLeastOnce
	if c.consumer, err = c.cfg.System.OpenConsumer(ctx, stream.ConsumerConfig{MaxBytes: c.cfg.fetchBytes()}); err != nil {
		return err
	}
	c.now = c.cfg.Now().UnixMilli()
	if err := c.identify(ctx); err != nil {
		return err
	}
	metas, err := c.restore(ctx)
	if err != nil {
		return err
	}
	if err := c.openInputs(ctx, metas); err != nil {
		return err
	}
	c.lastCommit = c.cfg.Now()
	c.lastFlush = c.lastCommit
	if !c.cfg.AtLeastOnce {
		c.lastFresh = c.lastCommit
		c.unsettled = true // the first commit shows, for all tasks, who owns them now
		c.moveAll()
	}
	return nil
}

// moveAll has all tasks take part in the next commit.
func (c *Container) moveAll() {
	for _, t := range c.tasks {
		t.moved = true
	}
}

// Close stops the container without a commit, as a crash would.
func (c *Container) Close() error {
	c.hideState()
	var errs []error
	if c.consumer != nil {
		errs = append(errs, c.consumer.Close())
	}
	if c.producer != nil {
		errs = append(errs, c.producer.Close())
	}
	for _, t := range c.tasks {
		if t.State != nil {
			errs = append(errs, t.State.Close())
		}
	}
	return errors.Join(errs...)
}

// Stop commits what is finished and closes. What the log gives up at that moment is
// done again at the next start.
func (c *Container) Stop(ctx context.Context) error {
	err := c.commit(ctx)
	if err == nil && c.cfg.AtLeastOnce {
		err = c.markClean(ctx)
	}
	if lost(err) {
		c.cfg.Logger.Warn("the last commit couldn't be made; what it held is processed again at the next start", "error", err)
		err = nil
	}
	return errors.Join(err, c.Close())
}

// markClean says in the meta records that the group's offsets are committed up to
// them. It is a commit of its own: without a transaction the one before had
// written its meta records first.
func (c *Container) markClean(ctx context.Context) error {
	c.clean = true
	c.moveAll()
	return c.commit(ctx)
}

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
	return c.Stop(context.WithoutCancel(ctx))
}
