package api

import (
	"fmt"
	"time"
)

// jobFlags are those that each process of a job gets, wherever it is started.
type jobFlags struct {
	Partitions int32         `placeholder:"N" help:"Partitions of the topics that the job creates (default: as many as its input has, and 4 of an input that it makes)."`
	Memory     string        `default:"256MB" help:"Memory of each container, for all its caches and buffers."`
	Commit     time.Duration `name:"commit-interval" default:"500ms" help:"How often results are committed, and become visible."`

	Kafka       kafkaFlags    `embed:"" group:"kafka"`
	Replication int16         `placeholder:"N" help:"On Kafka: copies of the topics that the job creates (default: the brokers' default)."`
	Session     time.Duration `name:"session-timeout" default:"10s" help:"On Kafka: how long nothing is heard of a process before others take its tasks over."`
	Refresh     time.Duration `default:"30s" help:"On Kafka: how often it is looked whether inputs have got more partitions, or more topics match a pattern."`
	Standbys    int           `placeholder:"N" help:"On Kafka: how many other processes follow the state of each task, so that they can take it over at once (default: none)."`
	AcceptLoss  bool          `help:"Run although the job has run by another plan before, and some of its state or results would be lost or doubled with the change. Without it, it is said what, and nothing is done. State that would be misread is refused anyway."`
	AtLeastOnce bool          `help:"On Kafka: do without transactions. Nothing is lost, but after a failure results may come again."`
}

// check looks at the numbers, and returns the memory of each container in bytes.
func (j *jobFlags) check() (memory int64, err error) {
	if memory, err = parseBytes(j.Memory); err != nil {
		return 0, fmt.Errorf("-memory: %w", err)
	}
	switch {
	case memory < 16<<20:
		return 0, fmt.Errorf("-memory %s: a container needs 16MB at least", j.Memory)
	case j.Partitions < 0:
		return 0, fmt.Errorf("-partitions %d: it must be positive", j.Partitions)
	case j.Session < time.Second:
		return 0, fmt.Errorf("-session-timeout %v: a second is the least", j.Session)
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
