package container

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"time"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Config is what a container runs, and with what. The zero value of every field
// but the first block works.
type Config struct {
	App     string
	Stage   *scheduler.Stage
	Index   int     // which of the stage's containers in this process this is
	Tasks   []int32 // the stage's tasks that it runs, if its assignment is fixed
	Program Program
	System  stream.System

	// Membership is how the container is a member of the group that assigns the stage's
	// tasks; nil: the assignment is fixed, by Tasks.
	Membership *membership.Config
	// Positions remember which tasks have state in Dir, for the group; nil: nobody does.
	Positions *recovery.Positions

	// AtLeastOnce gives up transactions: after a failure results may come again, but
	// none is missing.
	AtLeastOnce bool
	// Engine keeps the stores, below Dir in a directory for each task.
	Engine kv.Engine
	Dir    string

	// Run is the id of a bounded run, and Bounds where it ends; 0 and nil for
	// one without end. Every container of the run has the same.
	Run    int64
	Bounds map[stream.TopicPartition]int64

	Memory         int64         // bytes, of all buffers and caches; 0 means 256 MiB
	CommitInterval time.Duration // 0 means 500 ms
	IdleTimeout    time.Duration // after which an input that is read to its end holds no watermark back; 0 means 10 s

	Now func() time.Time // nil: time.Now
	// Await returns after d, or when one of the channels, four at most, has a token,
	// or when ctx is done. nil: what the process's own clock makes of it.
	Await func(ctx context.Context, d time.Duration, ready ...<-chan struct{})
	// Go runs f beside. nil: in a goroutine.
	Go func(f func())
	// NewID makes ids that nobody else has. nil: at random.
	NewID  func() string
	Logger *slog.Logger // nil: discarded
	// Counts is where the container's counters are published; nil: nowhere.
	Counts *metrics.Container
	// Readers is where the state of the container's tasks is shown to others; nil:
	// nowhere.
	Readers *Readers
	// Hold can stop the containers of a process from reading their inputs for a while;
	// nil: nothing can.
	Hold *membership.Hold
	// AtWork is called each time when tasks have been opened and what they settle is
	// committed: the program fits what is there. It is called, too, when the container is
	// to have no tasks. nil: nobody is told.
	AtWork func(stage string)
}

// TransactionalID is the id of the container's producer: that of its instance. Where
// tasks are fixed, a second copy of the container has the same: it takes over, and
// fences the first.
func (c Config) TransactionalID() string {
	if c.Membership != nil {
		return meta.ProducerID(c.App, c.Stage.Name, c.Membership.Instance)
	}
	return meta.ProducerID(c.App, c.Stage.Name, strconv.Itoa(c.Index))
}

func (c Config) withDefaults() Config {
	if c.Memory == 0 {
		c.Memory = 256 << 20
	}
	if c.CommitInterval == 0 {
		c.CommitInterval = 500 * time.Millisecond
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Await == nil {
		c.Await = recovery.Await
	}
	if c.Go == nil {
		c.Go = func(f func()) { go f() }
	}
	if c.NewID == nil {
		c.NewID = rand.Text
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) memory() recovery.Memory { return recovery.Memory(c.Memory) }

// recovery is what recoveries of the container's tasks work with.
func (c Config) recovery() recovery.Config {
	return recovery.Config{
		App: c.App, Stage: c.Stage, System: c.System, Engine: c.Engine, Dir: c.Dir, Bounds: c.Bounds,
		Producer: c.TransactionalID(), AtLeastOnce: c.AtLeastOnce, Dynamic: c.Membership != nil,
		Memory: c.memory(), Cache: c.memory().Cache(), Now: c.Now, Await: c.Await, Logger: c.Logger,
	}
}

// savePositions remembers the positions of tasks on the disk.
func (c *Config) savePositions(tasks []*task) error {
	if c.Membership == nil || len(tasks) == 0 {
		return nil
	}
	return c.Positions.Save(c.Stage.Name, positions(tasks))
}

// atWork reports that all tasks of the container have been opened.
func (c *Config) atWork() {
	if c.AtWork != nil {
		c.AtWork(c.Stage.Name)
	}
}
