package container

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Config is what a container runs, and with what. Only the fields of the first block are
// required.
type Config struct {
	App     string
	Stage   *scheduler.Stage
	Stores  []*scheduler.StoreSpec // of the stage: how their entries are laid out
	Index   int                    // among the stage's containers in this process
	Tasks   []int32                // the stage's tasks that it runs, if its assignment is fixed
	Program loop.Program
	System  stream.System

	// Membership is how the container is a member of the group that assigns the stage's
	// tasks; nil: the assignment is fixed, by Tasks.
	Membership *membership.Config
	// Positions remember which tasks have state in Dir, for the group; nil: nobody does.
	Positions *recovery.Positions

	// AtLeastOnce means commits without transactions: after a failure results may come
	// twice, but none is missing.
	AtLeastOnce bool
	// Engine has the databases, in a directory below Dir for each task.
	Engine kv.Engine
	Dir    string

	// Run is the id of a bounded run, and Bounds where its inputs end; 0 and nil for a run
	// without end. All containers of a run have the same.
	Run    int64
	Bounds map[stream.TopicPartition]int64

	Memory         int64         // bytes, of all buffers and caches; 0 means 256 MiB
	CommitInterval time.Duration // 0 means 500 ms
	RefreshTopics  time.Duration // how often to check that topics aren't recreated; 0 means 30 s
	IdleTimeout    time.Duration // after which an input that is read to its end holds no watermark back; 0 means 10 s

	Now func() time.Time // nil: time.Now
	// Await returns after d, or when one of the channels, four at most, has a token, or
	// when ctx is done. nil: [recovery.Await], by the process's clock.
	Await func(ctx context.Context, d time.Duration, ready ...<-chan struct{})
	// Go runs f concurrently. nil: in a goroutine.
	Go func(f func())
	// NewID makes unique ids. nil: random ones.
	NewID  func() string
	Logger *slog.Logger // nil: discarded
	// Counts publishes the container's counters; nil: they aren't published.
	Counts *metrics.Container
	// Readers get a reader for the state of each task; nil: state can't be queried.
	Readers *Readers
	// Generators let generators yield only what a test asks for; nil: they yield all.
	Generators *generate.Limit
	// Hold can stop the containers of a process from reading their inputs for a while;
	// nil: nothing can.
	Hold *membership.Hold
	// Observer is told about events; nil: nobody is.
	Observer Observer

	interrupted *atomic.Bool // as loop.Config has it
}

// TransactionalID is the id of the container's producer, which its instance determines. With
// a fixed assignment, a second copy of the container has the same id: it takes over, and
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
	if c.RefreshTopics == 0 {
		c.RefreshTopics = 30 * time.Second
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
	if c.Observer == nil {
		c.Observer = NopObserver{}
	}
	return c
}

func (c Config) memory() recovery.Memory { return recovery.Memory(c.Memory) }

// recovery is what recoveries of the container's tasks work with.
func (c Config) recovery() recovery.Config {
	return recovery.Config{
		App: c.App, Stage: c.Stage, Stores: c.Stores, System: c.System, Engine: c.Engine, Dir: c.Dir, Bounds: c.Bounds,
		Producer: c.TransactionalID(), AtLeastOnce: c.AtLeastOnce, Dynamic: c.Membership != nil,
		Memory: c.memory(), Cache: c.memory().Cache(), Now: c.Now, Await: c.Await, Logger: c.Logger,
	}
}

// loop is what the loop works with. full reports that no more records fit into memory.
func (c *Config) loop(past *past, resources loop.Resources, full func() bool) loop.Config {
	return loop.Config{
		Stage: c.Stage, Resources: resources, Run: c.Run, IdleTimeout: c.IdleTimeout, Skip: past.records, SkipFirings: past.firings, Careful: past.careful,
		Now: c.Now, Go: c.Go, Logger: c.Logger, Full: full, Skipped: c.skipped, Interrupted: c.interrupted,
		Elsewhere: func(input int, e *stream.OffsetOutOfRangeError) (int64, error) {
			r := c.recovery()
			return r.Elsewhere(input, e)
		},
	}
}

// generators is what the generators of a loop work with.
func (c *Config) generators(l *loop.Loop) generate.Config {
	return generate.Config{
		Now: c.Now, Go: c.Go, Await: c.Await, Wake: l.Wake, Logger: c.Logger, Limit: c.Generators,
		Panicked: func(v any) error { return loop.NewPanicError(v) },
	}
}

// savePositions remembers the positions of tasks on the disk.
func (c *Config) savePositions(tasks []*task) error {
	if c.Membership == nil || len(tasks) == 0 {
		return nil
	}
	return c.Positions.Save(c.Stage.Name, positions(tasks))
}
