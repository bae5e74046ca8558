package metrics

import (
	"math"
	"time"
)

// NoTime is the watermark of a task while it is unknown.
const NoTime = math.MinInt64

// A Loop holds the counters of one container. It and everything it points to
// belong to the goroutine of the event loop. The zero value is ready to use.
type Loop struct {
	// Time spent since the start, in nanoseconds.
	Phases Phases
	// Turns counts the iterations of the loop.
	Turns int64
	// Commits and LastCommit are set by [Loop.Committed].
	Commits    int64
	LastCommit int64 // ms since 1970; 0 if there was none
	// Rebalances counts the assignments of tasks by the group of the stage. It goes on if the
	// container goes back to its last commit.
	Rebalances int64
	// BufferedBytes were sent but not yet committed.
	BufferedBytes int64
	// The write-back cache of all tasks: its size, the part that the next commit
	// writes to the stores, and its maximum size. All are 0 without a cache.
	CacheBytes, CacheDirtyBytes, CacheLimitBytes int64

	Tasks []*Task

	took []time.Duration // durations of the commits since the last Publish
}

// maxTook bounds took in a loop that is never published.
const maxTook = 1024

// Committed counts a commit that ended at now.
func (l *Loop) Committed(now time.Time, took time.Duration) {
	l.Commits++
	l.LastCommit = now.UnixMilli()
	if len(l.took) < maxTook {
		l.took = append(l.took, took)
	}
}

// NothingToCommit notes that a commit was due at now but nothing had changed. It
// keeps the age of the last commit from growing while there is no work.
func (l *Loop) NothingToCommit(now time.Time) { l.LastCommit = now.UnixMilli() }

// Phases is the time that the loop has spent in each phase, in nanoseconds.
type Phases struct {
	Poll    int64 // polling for records
	Process int64 // decoding, operators, encoding
	Commit  int64
	Idle    int64 // waiting for work
}

// A Task holds the counters of a task. Its owner may add and remove inputs,
// outputs, operators and stores.
type Task struct {
	ID    int32
	State TaskState
	// Opened is when the task was opened and its restore began, in ms since 1970.
	Opened int64
	// Watermark is in ms since 1970; NoTime while unknown.
	Watermark int64
	Inputs    []*Input
	Outputs   []*Output
	Operators []*Operator
	Stores    []*Store
}

// TaskState is the state of a task.
type TaskState int8

const (
	TaskStarting TaskState = iota
	TaskRestoring
	TaskRunning
	TaskEnded   // its bounded input is processed
	TaskStandby // another container runs it; this one keeps a copy of its state
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
	// Repartition marks a topic between two stages. Its records were already
	// counted as inputs of an earlier stage.
	Repartition bool
	Records     int64 // processed or skipped
	Bytes       int64 // of keys and values
	Skipped     int64 // records that couldn't be decoded
	Tombstones  int64 // records without a value that were dropped
	Ahead       int64 // records further ahead of the clock than they may move the watermark
	Overtaken   int64 // records that are late because a single one moved the watermark by more than a minute
	Awaited     int64 // times that the task's other inputs have waited for records of this one
	Overdue     int64 // of those, waits that have ended without any
	OutOfRange  int64 // times that the next record was gone and reading continued elsewhere
	// Next is the offset to process next, End the offset after the last committed
	// record; -1 while unknown.
	Next, End int64
	// Time is that of the last processed record, in ms since 1970; 0 if there was
	// none.
	Time int64
}

// Lag returns the number of offsets left to process, -1 while unknown.
func (in *Input) Lag() int64 {
	if in.Next < 0 || in.End < 0 {
		return -1
	}
	return max(in.End-in.Next, 0)
}

// An Output counts the records that a task sends to one topic.
type Output struct {
	Topic   string
	Records int64
	Bytes   int64 // of keys and values
}

// An Operator counts what an operator does in one task.
type Operator struct {
	Name    string
	Late    int64 // arrived after their window was closed, or too late for a join
	Skipped int64 // failed and were skipped, by the policy of the operator or of the input

	Entries   int64 // records and values that the operator has begun to keep
	Expired   int64 // of those, removed because their time was over
	Matches   int64 // pairs that a join has found
	Unmatched int64 // records that left a join alone
}

// A Store is the state of one operator in one task.
type Store struct {
	Name string
	// DiskBytes and MemoryBytes exclude the write-back cache. All stores of a task
	// share a database. If its size can't be divided, the first store has all of it.
	// The metrics are sums for the task.
	DiskBytes, MemoryBytes int64
	// RestoredRecords and RestoredBytes were replayed from the changelog since the
	// task was opened.
	RestoredRecords, RestoredBytes int64
	// RestoreRecords is the number of changelog offsets left to replay. A compacted
	// changelog has fewer records.
	RestoreRecords int64
	// Properties are gauges of the engine. Snapshots share the slice, so replace it
	// rather than changing it.
	Properties []Property
}

// A Property is a gauge of a store's engine by the engine's own name, such as
// "rocksdb.estimate-num-keys". /metrics shows those of [RocksDBProperties].
type Property struct {
	Name  string
	Value float64
}
