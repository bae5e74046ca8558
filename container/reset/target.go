package reset

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Config is what a reset works with. Only System is required.
type Config struct {
	System stream.System
	Memory recovery.Memory  // 0 means 256 MiB
	Topics topics.Options   // of those that the job lacks
	Now    func() time.Time // nil: time.Now
	// Await waits for d, or for a token in one of the channels; nil: [recovery.Await].
	Await  func(ctx context.Context, d time.Duration, ready ...<-chan struct{})
	NewID  func() string // makes unique ids; nil: random ones
	Logger *slog.Logger  // nil: discarded
}

func (c Config) withDefaults() Config {
	if c.Memory == 0 {
		c.Memory = 256 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Await == nil {
		c.Await = recovery.Await
	}
	if c.NewID == nil {
		c.NewID = rand.Text
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// A Target says where a job is to begin again. The zero value changes no offsets.
type Target struct {
	// Start is where to read the inputs, as in [scheduler.Input.Start]; nil: where they
	// are.
	Start *int64
	// Offsets of single partitions override Start.
	Offsets map[stream.TopicPartition]int64
	// KeepState leaves the stores, and the records on their way in repartition topics, as
	// they are.
	KeepState bool
}

// mode is the value of [meta.Record.Reset].
func (t Target) mode() string {
	if t.KeepState {
		return meta.ResetKeeps
	}
	return meta.ResetClears
}

// check refuses offsets of topics that the job doesn't read.
func (t Target) check(plan *scheduler.Plan) error {
	var bad []error
	for _, tp := range sortedPartitions(t.Offsets) {
		why := fmt.Errorf("%s: the job reads no topic of that name", tp)
		for i := range plan.Stages {
			for _, in := range plan.Stages[i].Inputs {
				switch {
				case in.Topic != tp.Topic:
				case in.Generator():
					why = fmt.Errorf("%s: it is a generator, which has no offsets: it starts again if all inputs start at their oldest records", tp)
				case in.Repartition():
					why = fmt.Errorf("%s: it carries the job's own traffic, whose offsets follow from the state", tp)
				case tp.Partition < 0 || tp.Partition >= in.Partitions:
					why = fmt.Errorf("%s: the topic has partitions 0 to %d", tp, in.Partitions-1)
				default:
					why = nil
				}
			}
		}
		bad = append(bad, why)
	}
	return errors.Join(bad...)
}

// Stage is what a reset changes in a stage.
type Stage struct {
	Name   string
	Inputs []Input
	Stores []Store // that are emptied
}

// Input is what a reset changes in an input.
type Input struct {
	Topic       string
	Repartition bool
	// From is the next offset of each partition, -1 if none was committed. To is the new
	// one, -1 if the start decides it.
	From, To []int64
}

// Store is a store that a reset empties.
type Store struct {
	Name string
	// Records is the length of its changelog. Keys may have several records, and the
	// tasks' meta records are among them.
	Records int64
}

// sortedPartitions are the keys of a map, in order.
func sortedPartitions[V any](m map[stream.TopicPartition]V) []stream.TopicPartition {
	return slices.SortedFunc(maps.Keys(m), func(a, b stream.TopicPartition) int {
		if a.Topic != b.Topic {
			return strings.Compare(a.Topic, b.Topic)
		}
		return int(a.Partition - b.Partition)
	})
}
