package metrics

import (
	"math"
	"time"
)

// NoTime stands for an event time that isn't known yet.
const NoTime = math.MinInt64

// A Loop is counted by the event loop of one container. Its goroutine alone
// touches it and what hangs on it. The zero value is ready.
type Loop struct {
	// Time spent since the start, in nanoseconds.
	Phases Phases
	// Turns counts the turns of the loop.
	Turns int64
	// Commits and LastCommit are counted by [Loop.Committed].
	Commits    int64
	LastCommit int64 // ms since 1970; 0 if there was none
	// BufferedBytes are sent and not committed yet.
	BufferedBytes int64
	// The write-back cache of all tasks together: what is in it, how much of
	// that the next commit writes to the stores, and what it may grow to; a
	// container without one leaves them 0.
	CacheBytes, CacheDirtyBytes, CacheLimitBytes int64

	Tasks []*Task

	took []time.Duration // of the commits since the last Publish, see maxTook
}

// maxTook bounds what is kept of a loop that nobody publishes. One that is
// published never has as many.
const maxTook = 1024

// Committed counts a commit that ended at now and took so long.
func (l *Loop) Committed(now time.Time, took time.Duration) {
	l.Commits++
	l.LastCommit = now.UnixMilli()
	if len(l.took) < maxTook {
		l.took = append(l.took, took)
	}
}

// NothingToCommit says that a commit was due at now and nothing had changed, so
// that the age of the last commit means delay and not quiet.
func (l *Loop) NothingToCommit(now time.Time) { l.LastCommit = now.UnixMilli() }

// Phases are what the loop spends its time on, in nanoseconds.
type Phases struct {
	Poll    int64 // asking for records
	Process int64 // decoding them, the operators, encoding
	Commit  int64
	Idle    int64 // waiting for something to do
}

// A Task's counters. The owner adds and removes inputs, outputs, operators and
// stores as it likes.
type Task struct {
	ID    int32
	State TaskState
	// Opened is when the task was opened, and its restore began, in ms since 1970.
	Opened int64
	// Watermark is the event time that the task has reached, in ms since 1970;
	// NoTime while unknown.
	Watermark int64
	Inputs    []*Input
	Outputs   []*Output
	Operators []*Operator
	Stores    []*Store
}

// TaskState is where a task is in its life.
type TaskState int8

const (
	TaskStarting TaskState = iota
	TaskRestoring
	TaskRunning
	TaskEnded   // its bounded input is processed
	TaskStandby // another container has it; its state is followed here
)

func (s TaskState) String() string {
	switch s {
	case TaskStarting:
		return "starting"
	case TaskRestoring:
		return "restoring"
	case TaskRunning:
		return "running"
	case TaskEnded:
		return "ended"
	case TaskStandby:
		return "standby"
	}
	return "unknown"
}

// An Input counts one partition that a task reads.
type Input struct {
	Topic     string
	Partition int32
	// Repartition says that the topic carries the job's own traffic, so its
	// records were counted before, by another stage.
	Repartition bool
	Records     int64 // processed or skipped
	Bytes       int64 // keys and values of them
	Skipped     int64 // of these, left out: couldn't be decoded, or an operator failed on them
	OutOfRange  int64 // times that the next record was gone, and reading went on elsewhere
	// Next is the offset to process next, End the one after the last committed
	// record; -1 while unknown.
	Next, End int64
	// Time of the last processed record, in ms since 1970; 0 if there was none.
	Time int64
}

// Lag is the number of offsets left to process, -1 while unknown.
func (in *Input) Lag() int64 {
	if in.Next < 0 || in.End < 0 {
		return -1
	}
	return max(in.End-in.Next, 0)
}

// An Output counts what a task sends to one topic.
type Output struct {
	Topic   string
	Records int64
	Bytes   int64 // keys and values
}

// An Operator counts the records of one task that an operator set aside.
type Operator struct {
	Name    string
	Late    int64 // came after their window was closed
	Skipped int64 // failed, and were skipped as the user's policy says
}

// A Store is the state of one operator in one task.
type Store struct {
	Name string
	// What the store takes, without the write-back cache. All stores of a task
	// share a database: where its size can't be divided, the first store has all
	// of it. What is shown is the task's sum.
	DiskBytes, MemoryBytes int64
	// Replayed from the changelog since the task was opened.
	RestoredRecords, RestoredBytes int64
	// RestoreRecords are left of the changelog: offsets, of which a compacted
	// topic has fewer records.
	RestoreRecords int64
	// Properties are the engine's own gauges. The slice is replaced, never changed
	// in place, as snapshots share it.
	Properties []Property
}

// A Property is a figure of a store's engine under the engine's own name for it,
// such as "rocksdb.estimate-num-keys". Those of [RocksDBProperties] are shown.
type Property struct {
	Name  string
	Value float64
}
