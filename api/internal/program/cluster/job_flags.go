package cluster

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/scheduler"
)

// JobFlags are those of every process of a job, wherever it runs.
type JobFlags struct {
	Partitions int32         `placeholder:"N" help:"Partitions of the topics that the job creates (default: as many as its input has; 4 for an input that it creates)."`
	Memory     string        `default:"256MB" help:"Memory of each container, for all caches and buffers."`
	Commit     time.Duration `name:"commit-interval" default:"500ms" help:"Interval between commits, which make results visible."`

	Kafka       KafkaFlags    `embed:"" group:"kafka"`
	Replication int16         `placeholder:"N" help:"On Kafka: replication factor of the topics that the job creates (default: the brokers' default)."`
	Session     time.Duration `name:"session-timeout" default:"10s" help:"On Kafka: how long a process may be silent before others take over its tasks."`
	Refresh     time.Duration `default:"30s" help:"On Kafka: how often to check inputs for new partitions, and patterns for new topics."`
	Standbys    int           `placeholder:"N" help:"On Kafka: number of other processes that follow the state of each task, so that they can take it over at once (default: 0)."`
	AcceptLoss  bool          `help:"Run although the plan differs from the last one in a way that loses or doubles state or results. Without this flag the run lists what would be lost, and changes nothing. State that would be misread is always refused."`
	AtLeastOnce bool          `help:"On Kafka: do without transactions. Nothing is lost, but after a failure results may come twice."`
}

// Defaults are the flags of a program without a command line.
func Defaults() JobFlags {
	return JobFlags{Memory: "256MB", Commit: 500 * time.Millisecond, Session: 10 * time.Second, Refresh: 30 * time.Second}
}

// Check checks the numbers, and returns the memory of each container in bytes.
func (j *JobFlags) Check() (memory int64, err error) {
	if memory, err = program.ParseBytes(j.Memory); err != nil {
		return 0, fmt.Errorf("-memory: %w", err)
	}
	switch {
	case memory < 16<<20:
		return 0, fmt.Errorf("-memory %s: a container needs at least 16MB", j.Memory)
	case j.Partitions < 0:
		return 0, fmt.Errorf("-partitions %d: it must be positive", j.Partitions)
	case j.Partitions > scheduler.MaxPartitions:
		return 0, fmt.Errorf("-partitions %d: at most %d are possible, as each of them is a task", j.Partitions, scheduler.MaxPartitions)
	case j.Session < time.Second:
		return 0, fmt.Errorf("-session-timeout %v: it must be at least 1s", j.Session)
	case j.Refresh <= 0:
		return 0, fmt.Errorf("-refresh %v: it must be positive", j.Refresh)
	case j.Standbys < 0:
		return 0, fmt.Errorf("-standbys %d: it must be positive", j.Standbys)
	case j.Commit <= 0:
		return 0, fmt.Errorf("-commit-interval %v: it must be positive", j.Commit)
	case j.Replication < 0:
		return 0, fmt.Errorf("-replication %d: it must be positive", j.Replication)
	}
	return memory, nil
}
