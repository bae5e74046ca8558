package flow

import (
	"fmt"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/metrics"
)

// A Builder makes the operator of one node for one task.
type Builder struct {
	// Task is the container's task: its outputs, its clock, how to wake and pause it.
	Task *loop.Task
	// Scope is shared by all operators of the task.
	Scope *Scope
	// Node is the recorded node, and ID its number.
	Node *Node
	ID   int
	// Leaves says that the node writes to a topic. Nothing comes after it in this task.
	Leaves bool
	// Joined is the number of partitions of an input topic that is joined by the keys of its
	// records; 0: it isn't. They must be where those of other topics are.
	Joined int32

	takes  map[string]any  // by input port: the Push of the operator
	downs  map[string]any  // by output port: the Push of what comes after it
	needed map[string]bool // the output ports that something reads
	time   EventTime
	timed  bool // the operator uses time
	counts *metrics.Operator
	err    error

	provided any        // the Getter of a table
	lookups  []lookupOf // in the tables that the node reads
}

// Take registers what takes the records of an input port; the name is empty if the
// operator has only one.
func Take[M any](b *Builder, port string, push Push[M]) { b.takes[port] = push }

// Down returns what comes after the operator at an output port; the name is empty
// for the main one. The port is among the node's Emits.
func Down[R any](b *Builder, port string) Push[R] { return b.downs[port].(Push[R]) }

// Needed reports whether anything reads an output port.
func (b *Builder) Needed(port string) bool { return b.needed[port] }

// EventTime returns the event time of the operator's inputs. It is valid once all
// operators are built. The node has a name, under which its event time is saved.
func (b *Builder) EventTime() *EventTime {
	b.timed = true
	return &b.time
}

// Watermark is [Builder.EventTime] without being saved. It is for operators without a name,
// which only hold the watermark back until the next commit.
func (b *Builder) Watermark() *EventTime { return &b.time }

// Store returns the number in Task.State of the node's store i, as Node.Stores
// lists them.
func (b *Builder) Store(i int) int {
	store, err := b.Task.Store(b.ID, i)
	b.fail(err)
	return store
}

// Output returns the topic that the node writes.
func (b *Builder) Output() *loop.Output {
	out, err := b.Task.Output(b.ID)
	b.fail(err)
	return out
}

// Counts returns the counters of the operator.
func (b *Builder) Counts() *metrics.Operator {
	if b.counts == nil {
		b.counts = b.Task.Counts(b.Node.Name)
	}
	return b.counts
}

// fail notes that the plan doesn't fit the node; the operator is never used then.
func (b *Builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *Builder) check() error {
	if b.err != nil {
		return b.err
	}
	for _, e := range b.Node.From {
		if b.takes[e.To] == nil {
			return fmt.Errorf("nothing takes the records of input port %q", e.To)
		}
	}
	return nil
}
