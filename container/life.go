package container

import (
	"context"
	"errors"
	"time"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// A life is a container from when it is opened until it is closed. Its parts share one
// goroutine: the loop takes records through the operators, the committer makes their
// results final, and the opener gets tasks ready beside the loop.
type life struct {
	cfg      *Config
	member   *membership.Member
	holder   *membership.Holder
	past     *past
	producer stream.Producer
	loop     *loop.Loop
	consumer stream.Consumer
	tasks    taskList // that run
	commits  committer
	opener   opener

	budget    kv.Budget            // of the cached state
	before    map[int32]meta.Claim // by task: the last commit of its previous owner
	settled   bool                 // as the Hold was told
	committed bool                 // records of this life, at least once
	counts    metrics.Loop
	published time.Time
}

func newLife(cfg *Config, member *membership.Member, holder *membership.Holder, past *past, resources loop.Resources) *life {
	f := &life{cfg: cfg, member: member, holder: holder, past: past, before: make(map[int32]meta.Claim)}
	f.budget.Limit = cfg.memory().Cache()
	f.loop = loop.New(cfg.loop(past, resources, f.full))
	f.commits = committer{cfg: cfg, member: member, loop: f.loop, tasks: &f.tasks, budget: &f.budget, counts: &f.counts, owner: cfg.NewID(), logged: make(map[stream.TopicPartition]int64)}
	f.opener = opener{cfg: cfg, member: member, loop: f.loop, running: &f.tasks, counts: &f.counts, ended: make(chan struct{}, 1)}
	return f
}

// start opens what the container needs; its tasks come later. The producer comes first: it
// fences the previous life, and settles what that one had begun.
func (f *life) start(ctx context.Context) error {
	var err error
	if f.producer, err = f.cfg.System.OpenProducer(ctx, stream.ProducerConfig{ID: f.cfg.TransactionalID(), AtLeastOnce: f.cfg.AtLeastOnce}); err != nil {
		return err
	}
	f.commits.producer, f.opener.producer = f.producer, f.producer
	log, err := f.cfg.System.OpenConsumer(ctx, stream.ConsumerConfig{MaxBytes: f.cfg.memory().Fetch()})
	if err != nil {
		return err
	}
	consumer := generate.New(log, f.cfg.generators(f.loop))
	f.consumer = consumer
	f.loop.Start(consumer)
	now := f.cfg.Now()
	f.commits.lastCommit, f.commits.lastFlush, f.commits.lastIdentified = now, now, now
	if !f.cfg.AtLeastOnce {
		f.commits.lastFresh = now
	}
	return nil
}

// open starts to open tasks, and shows them.
func (f *life) open(ctx context.Context, tasks []int32) error {
	if err := f.opener.open(ctx, tasks); err != nil {
		return err
	}
	f.publish(f.cfg.Now(), true)
	return nil
}

// awaitOpened waits until there is nothing more to open.
func (f *life) awaitOpened(ctx context.Context) error {
	for len(f.opener.openings) > 0 {
		f.cfg.Await(ctx, publishEvery, f.opener.ended)
		f.publish(f.cfg.Now(), false)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.adoptOpened(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close ends the life. It may be called again.
func (f *life) close() error {
	f.cfg.hideState(f.tasks)
	errs := []error{f.opener.close()}
	if f.consumer != nil {
		errs = append(errs, f.consumer.Close())
	}
	if f.producer != nil {
		errs = append(errs, f.producer.Close())
	}
	errs = append(errs, closeTasks(&f.counts, f.tasks))
	f.consumer, f.producer, f.tasks = nil, nil, nil
	return errors.Join(errs...)
}

// commit commits what has happened since the last commit.
func (f *life) commit(ctx context.Context) error {
	committed, err := f.commits.commit(ctx)
	f.committed = f.committed || committed
	return err
}
