package sim

import (
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Job is what is simulated.
type Job struct {
	// Plan makes the plan for a cluster with these inputs.
	Plan    func(inputs map[string]int32) (*scheduler.Plan, error)
	Program loop.Program
	// Config is what the containers have in common, besides.
	Config container.Config
	// Shared has the containers of a stage share its tasks as members of a group, and
	// come and go. Else each has its own.
	Shared bool
	// Reset resets the job when it is done: then it does everything twice.
	Reset bool
	// Inputs are the topics to be read, by name, with their partitions.
	Inputs map[string]int32
	// Feed is what comes to them, in the order of each partition.
	Feed []Fed
	// Generated is how many values the generators yield, by name.
	Generated map[string]int64
	// Check looks at the committed records of the outputs, when all is done.
	Check func(records func(tp stream.TopicPartition) []stream.Record) error
}

// A Fed is a record of an input.
type Fed struct {
	stream.TopicPartition
	stream.Record
}
