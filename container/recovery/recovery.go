package recovery

import (
	"context"
	"errors"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// A Recovery makes tasks of one stage ready to run. Until Run has returned, everything
// belongs to it; then the caller takes over the tasks, with their databases, or calls
// Close.
type Recovery struct {
	Tasks []*Task
	// TopicIDs are the ids of the changelogs and the inputs, by topic.
	TopicIDs map[string]string
	// Unsettled means that a commit must come before any record is processed: it settles
	// what a crash has left half done, or where a new input starts.
	Unsettled bool

	cfg    Config
	budget kv.Budget       // of the state that is being replayed
	fenced map[string]bool // producers that can't write any more
	claims map[int32]meta.Claim
	// A reset may go on where another one was interrupted. If it clears the stores, their
	// schemas don't matter.
	resets, clears bool
}

// A Task is one that was recovered.
type Task struct {
	ID    int32
	DB    kv.Database // nil if the stage has no stores
	State *kv.State   // on DB
	// Last is the meta record of the last commit; nil if the task has never committed.
	Last *meta.Record
	// Changelogs is, by store, where the changelog ends after the last commit.
	Changelogs []int64
	// Inputs are the task's input partitions, in the order of the stage's inputs.
	Inputs []*Input
	// Moved means that the task has something to commit.
	Moved bool

	history *history // nil if there is nothing to undo
}

// An Input is an input partition of a task.
type Input struct {
	stream.TopicPartition
	Index    int   // in the stage's inputs
	Position int64 // the next offset to process
	Bound    int64 // a bounded run ends here; -1: none
	// BootstrapEnd is the offset up to which the task reads only this input and others
	// with one; 0: none.
	BootstrapEnd int64
	// Last is what was committed for it; nil if it was never read.
	Last *meta.Input
	// OutOfRange counts how often it has continued elsewhere because its next record
	// doesn't exist any more.
	OutOfRange int64

	task *Task
}

// New prepares the recovery of tasks.
func New(cfg Config, tasks []int32) *Recovery {
	r := &Recovery{cfg: cfg, fenced: map[string]bool{cfg.Producer: !cfg.AtLeastOnce}, claims: make(map[int32]meta.Claim)}
	r.budget.Limit = cfg.Cache
	for _, id := range tasks {
		r.Tasks = append(r.Tasks, &Task{ID: id, Changelogs: make([]int64, len(cfg.Stage.Stores))})
	}
	return r
}

// Run restores the tasks' state to their last commits, and finds where their inputs
// continue.
func (r *Recovery) Run(ctx context.Context) error {
	if err := r.identify(ctx); err != nil {
		return err
	}
	if err := r.restore(ctx); err != nil {
		return err
	}
	if err := r.locate(ctx); err != nil {
		return err
	}
	return r.checkBounds(ctx)
}

// Claims returns who made the last commits of the tasks that were restored, even if Run has
// failed later.
func (r *Recovery) Claims() map[int32]meta.Claim { return r.claims }

// Close closes the databases of the tasks.
func (r *Recovery) Close() error {
	var errs []error
	for _, t := range r.Tasks {
		errs = append(errs, t.close())
	}
	return errors.Join(errs...)
}

func (t *Task) close() error {
	if t.State == nil {
		return nil
	}
	return t.State.Close()
}

// Position is how much of the task's changelogs is in its database: the sum of the offsets.
func Position(changelogs []int64) int64 {
	var sum int64
	for _, at := range changelogs {
		sum += at
	}
	return sum
}
