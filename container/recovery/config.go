package recovery

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Config is what a recovery works for, and with. Now, Await and Logger must be set.
type Config struct {
	App   string
	Stage *scheduler.Stage
	// Stores are the descriptions of the stage's stores; their layouts tell what a replay
	// derives from the changelogs. A recovery without databases needs none.
	Stores []*scheduler.StoreSpec
	System stream.System
	// Engine has the databases, in a directory below Dir for each task.
	Engine kv.Engine
	Dir    string
	// Bounds are where the inputs of a bounded run end; nil for a run without end.
	Bounds map[stream.TopicPartition]int64

	// Producer is the id of the container's producer, which is open. AtLeastOnce means that
	// producers write without transactions and can't be fenced.
	Producer    string
	AtLeastOnce bool
	// Live are the producers of the members of the group. They must not be fenced.
	Live map[string]bool
	// Dynamic means that tasks move. Another container of this process may still have the
	// database of a task open, for a while.
	Dynamic bool

	Memory Memory
	Cache  int64 // bytes of state to replay before it is written

	Now   func() time.Time
	Await func(ctx context.Context, d time.Duration, ready ...<-chan struct{})
	// OnProgress is called, in the recovery's goroutine, for each chunk that was replayed;
	// it may be nil.
	OnProgress func(Progress)
	Logger     *slog.Logger
}

// Progress is a step of a restore.
type Progress struct {
	Task           int32
	Store          int   // index in the stage's stores
	Records, Bytes int64 // that were replayed
	Left           int64 // records at most that are still to be replayed
}

// Memory is what one container may use for its buffers and caches, in bytes. What is left
// over by its shares is for the database's own buffers (the engine is made with them) and
// for the slack of the garbage collector.
type Memory int64

// Fetch is the share of records that were read ahead.
func (m Memory) Fetch() int64 { return int64(m) / 16 }

// Transaction is the share of records that aren't committed.
func (m Memory) Transaction() int64 { return int64(m) / 8 }

// Cache is the share of decoded state.
func (m Memory) Cache() int64 { return int64(m) / 4 }

// pollEvery bounds how long to wait for the next event.
const pollEvery = 500 * time.Millisecond

// Await waits by the process's clock: it returns after d, or when one of the channels, four
// at most, has a token, or when ctx is done.
func Await(ctx context.Context, d time.Duration, ready ...<-chan struct{}) {
	var channels [4]<-chan struct{} // a nil channel never has one
	copy(channels[:], ready)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-channels[0]:
	case <-channels[1]:
	case <-channels[2]:
	case <-channels[3]:
	}
}

// directory is where the database of a task is.
func (c *Config) directory(task int32) string {
	return filepath.Join(c.Dir, c.Stage.Name, strconv.Itoa(int(task)))
}
