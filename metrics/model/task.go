package model

import (
	"math"
	"time"

	"github.com/gretestream/grete/metrics"
)

// A Task is a part of a stage: a partition of each of its inputs, and of its stores.
type Task struct {
	ID int32 `json:"id"`
	// Address is HOST:PORT of its owner's process, Container the owner's number there, and
	// Instance its name in the group; missing while unknown.
	Address   string `json:"address,omitempty"`
	Container *int   `json:"container,omitempty"`
	Instance  string `json:"instance,omitempty"`
	// State is starting, restoring, running or ended; unknown without a response of the owner;
	// unassigned without an owner.
	State     string     `json:"state"`
	Watermark *int64     `json:"watermark,omitempty"`
	Restore   *Restore   `json:"restore,omitempty"` // while it restores
	Inputs    []Input    `json:"inputs"`            // none before the state is restored
	Operators []Operator `json:"operators,omitempty"`
	Stores    []Store    `json:"stores"`
}

// States of a task beside those of [metrics.TaskState].
const (
	StateUnknown    = "unknown"
	StateUnassigned = "unassigned"
)

// A Restore is the progress of a restore.
type Restore struct {
	Left int64 `json:"left"` // offsets of the changelogs
	// Seconds is how long it will take at the present rate; missing if unknown.
	Seconds *int64 `json:"seconds,omitempty"`
}

// An Input is a partition that a task reads.
type Input struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	// Position is the next offset to process, as far as it is known: the committed one, or,
	// from the process, the current one. End is the offset after the last readable record,
	// Lag the number of offsets in between.
	Position *int64 `json:"position,omitempty"`
	End      *int64 `json:"end,omitempty"`
	Lag      *int64 `json:"lag,omitempty"`
	// LogEnd is the offset after the last record, and HeldBy are the producers whose open
	// transactions keep the records from End on from being read; missing if there are none.
	LogEnd *int64   `json:"logEnd,omitempty"`
	HeldBy []string `json:"heldBy,omitempty"`
	// Records were read. Those that couldn't be decoded, or on which an operator failed, were
	// Skipped.
	Records *int64 `json:"records,omitempty"`
	Skipped *int64 `json:"skipped,omitempty"`
	// Tombstones had no value, and were dropped.
	Tombstones int64 `json:"tombstones,omitempty"`
	// Ahead were further ahead of the clock than they may move the watermark. Overtaken are
	// behind the watermark because a single earlier record had moved it by more than a minute.
	Ahead     int64 `json:"ahead,omitempty"`
	Overtaken int64 `json:"overtaken,omitempty"`
}

// An Operator counts what an operator has left out in a task.
type Operator struct {
	Name    string `json:"name"`
	Late    int64  `json:"late"`    // records that arrived after their window was closed
	Skipped int64  `json:"skipped"` // records on which it failed
}

// A Store is the state of an operator in one task, as it was last committed. Its
// sizes are missing while it is unavailable.
type Store struct {
	Name        string `json:"name"`
	Keys        *int64 `json:"keys,omitempty"` // an estimate
	DiskBytes   *int64 `json:"diskBytes,omitempty"`
	MemoryBytes *int64 `json:"memoryBytes,omitempty"` // without the cache: not yet flushed, or all if there is no disk
	// Forms are how many values there are of each form, if there may be several: values
	// that are still to be upgraded.
	Forms map[string]int64 `json:"forms,omitempty"`
}

// Observe takes in what the task's container had published at a time.
func (t *Task) Observe(m *metrics.Task, at time.Time) {
	t.State, t.Watermark, t.Restore = m.State.String(), known(m.Watermark, metrics.NoTime), RestoreOf(m, at)
	for _, in := range m.Inputs {
		records, skipped := in.Records, in.Skipped
		t.Inputs = append(t.Inputs, Input{
			Topic: in.Topic, Partition: in.Partition, Position: known(in.Next, -1), End: known(in.End, -1), Lag: known(in.Lag(), -1),
			Records: &records, Skipped: &skipped, Tombstones: in.Tombstones, Ahead: in.Ahead, Overtaken: in.Overtaken,
		})
	}
	for _, op := range m.Operators {
		t.Operators = append(t.Operators, Operator{Name: op.Name, Late: op.Late, Skipped: op.Skipped})
	}
}

// lag is the sum of the lags of the task's inputs; ok is false if one is unknown.
func (t *Task) lag() (sum int64, ok bool) {
	for _, in := range t.Inputs {
		if in.Lag == nil {
			return 0, false
		}
		sum += *in.Lag
	}
	return sum, len(t.Inputs) > 0
}

// RestoreOf returns the progress of a task's restore; nil if there is none.
func RestoreOf(m *metrics.Task, at time.Time) *Restore {
	if m == nil || m.State != metrics.TaskRestoring {
		return nil
	}
	return NewRestore(m.RestoreLeft(), m.RestoreTime(at))
}

// NewRestore says how much is left to restore, and how long that will take; 0 if unknown.
func NewRestore(left int64, expected time.Duration) *Restore {
	r := &Restore{Left: left}
	if expected > 0 {
		seconds := int64(math.Ceil(expected.Seconds()))
		r.Seconds = &seconds
	}
	return r
}

// known returns nil for the value that stands for unknown.
func known(n, none int64) *int64 {
	if n == none {
		return nil
	}
	return &n
}
