package container

import (
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
)

// An Observer is told about events in containers. The container's goroutine calls it and
// waits. Several containers may share an Observer; it must then be safe for concurrent use.
//
// Events name the stage, the container and the tasks; a Skip names the node of the plan, too.
// They are rare. What happens to each record, late records included, is counted in
// [metrics.Loop] instead.
type Observer interface {
	// Restored is called when tasks start to process records: their state is restored, and
	// what their recovery has settled is committed. The program fits the state.
	Restored(Restore)
	// Committed is called after each commit that had something to commit.
	Committed(Commit)
	// Rebalanced is called at each assignment by the group, also if it changes no task.
	// With a fixed assignment there are none.
	Rebalanced(Rebalance)
	// Skipped is called for each skipped record. If it is processed again after a failure,
	// it is skipped again.
	Skipped(Skip)
}

// An Origin is the container in which an event happened.
type Origin struct {
	Stage     *scheduler.Stage
	Container int // as [Config.Index]
}

// A Restore is the restoration of tasks that were opened together. It has no task if a
// container with a fixed assignment has none.
type Restore struct {
	Origin
	Tasks []int32
	// Records and Bytes were replayed from the changelogs of all tasks.
	Records, Bytes int64
	Took           time.Duration
}

// A Commit is the commit of some tasks of a container.
type Commit struct {
	Origin
	Tasks []int32 // that have changed since the previous commit
	At    time.Time
	Took  time.Duration
}

// A Rebalance is an assignment of tasks to a container by the group of its stage.
type Rebalance struct {
	Origin
	membership.Assigned
}

// A Skip is a skipped record in a container.
type Skip struct {
	Origin
	loop.Skip
}

// NopObserver ignores all events. An [Observer] of some events embeds it.
type NopObserver struct{}

// Restored implements [Observer].
func (NopObserver) Restored(Restore) {}

// Committed implements [Observer].
func (NopObserver) Committed(Commit) {}

// Rebalanced implements [Observer].
func (NopObserver) Rebalanced(Rebalance) {}

// Skipped implements [Observer].
func (NopObserver) Skipped(Skip) {}

func (c *Config) origin() Origin { return Origin{Stage: c.Stage, Container: c.Index} }

// restored reports that the tasks of an opening run.
func (c *Config) restored(o *opening) {
	e := Restore{Origin: c.origin()}
	began := c.Now().UnixMilli()
	now := began
	for _, t := range o.tasks {
		e.Tasks = append(e.Tasks, t.ID)
		began = min(began, t.counts.Opened)
		for _, s := range t.counts.Stores {
			e.Records += s.RestoredRecords
			e.Bytes += s.RestoredBytes
		}
	}
	e.Took = time.Duration(now-began) * time.Millisecond
	c.Observer.Restored(e)
}

// skipped reports a skipped record.
func (c *Config) skipped(e loop.Skip) { c.Observer.Skipped(Skip{c.origin(), e}) }
