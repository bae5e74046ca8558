package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/kv"
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
	skip       map[stream.Position]bool // records that failed after they had changed something

	now        int64 // ms, as of the last step
	lastCommit time.Time
	counts     loopCounts
}

// Open makes a container ready: its tasks' state is restored from their
// changelogs, and their inputs stand where the last commit left them.
func Open(ctx context.Context, cfg Config) (*Container, error) {
	return open(ctx, cfg, nil)
}

func open(ctx context.Context, cfg Config, skip map[stream.Position]bool) (*Container, error) {
	c := &Container{cfg: cfg.withDefaults(), byName: make(map[stream.TopicPartition]*partition), skip: skip}
	c.budget.Limit = c.cfg.cacheBytes()
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("stage %s: %w", cfg.Stage.Name, err), c.close())
	}
	return c, nil
}

// start opens what the container needs, in this order: the producer first, since
// it fences a former owner and settles what that one had begun; then the state;
// then the inputs.
func (c *Container) start(ctx context.Context) error {
	var err error
	id := fmt.Sprintf("%s-%s-%d", c.cfg.App, c.cfg.Stage.Name, c.cfg.Index)
	if c.producer, err = c.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: id}); err != nil {
		return err
	}
	if c.consumer, err = c.cfg.System.OpenConsumer(ctx, stream.ConsumerConfig{MaxBytes: c.cfg.fetchBytes()}); err != nil {
		return err
	}
	c.now = c.cfg.Now().UnixMilli()
	metas, err := c.restore(ctx)
	if err != nil {
		return err
	}
	if err := c.openInputs(ctx, metas); err != nil {
		return err
	}
	c.lastCommit = c.cfg.Now()
	return nil
}

// close gives everything back. What isn't committed is lost, which is what makes
// a crash and a stop the same.
func (c *Container) close() error {
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

// Close stops the container without a commit, as a crash would.
func (c *Container) Close() error { return c.close() }

// Stop commits what is finished and closes.
func (c *Container) Stop(ctx context.Context) error {
	return errors.Join(c.commit(ctx), c.close())
}

// Run opens a container and runs it until ctx is done (then it commits, closes
// and returns nil), until its bounded run has ended, or until it fails.
func Run(ctx context.Context, cfg Config) error {
	skip := make(map[stream.Position]bool)
	for {
		err := runOnce(ctx, cfg, skip)
		var replay *replayError
		if !errors.As(err, &replay) {
			return err
		}
		// From what is committed once more, this time without that record.
		skip[stream.Position{TopicPartition: replay.cause.TopicPartition, Offset: replay.cause.Offset}] = true
	}
}

func runOnce(ctx context.Context, cfg Config, skip map[stream.Position]bool) error {
	c, err := open(ctx, cfg, skip)
	if err != nil {
		return err
	}
	if err := c.loop(ctx); err != nil {
		return errors.Join(err, c.close())
	}
	// ctx is done, but what is finished is still committed.
	return c.Stop(context.WithoutCancel(ctx))
}
