package api

import (
	"iter"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
)

// DefaultDisorder is how far the event times of an input may go back without a
// record being late, unless [InputOption.Disorder] sets another bound.
const DefaultDisorder = 5 * time.Second

// DefaultMaxAhead is how far ahead of the clock a record may move event time, unless
// [InputOption.MaxAhead] sets another bound.
const DefaultMaxAhead = op.DefaultMaxAhead

// An InputOption is a setting of an input.
type InputOption[M any] struct{ apply func(*op.InputSpec[M]) }

func inputSpec[M any](opts []InputOption[M]) op.InputSpec[M] {
	spec := op.InputSpec[M]{Tombstones: flow.Skip, Order: flow.Order{Disorder: DefaultDisorder, MaxAhead: DefaultMaxAhead}}
	for _, o := range opts {
		o.apply(&spec)
	}
	return spec
}

// EventTime says when a record happened. Without it that is when the record was
// produced. Times are kept in milliseconds.
func EventTime[M any](f func(M) time.Time) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.EventTime = f }}
}

// Disorder is added to an [EventTime]: how far event time may go back from one
// record of a partition to a later one. Windows wait that long.
func (o InputOption[M]) Disorder(d time.Duration) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { o.apply(in); in.Order.Disorder = d }}
}

// MaxAhead is added to an [EventTime]: how far ahead of the clock of its container a
// record may move event time. A record that is further ahead is processed and counted,
// but moves event time only that far: otherwise one wrong time would make all records
// after it late. 0 removes the bound. The default is [DefaultMaxAhead].
// [InputOption.OnAhead] leaves such records out instead.
//
// A record that is more than a year ahead of the clock, or outside the years 1 to 9999,
// can't be processed: see [OnError].
func (o InputOption[M]) MaxAhead(d time.Duration) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { o.apply(in); in.Order.MaxAhead = d }}
}

// OnError says what happens to a record of the input that can't be decoded or processed:
// a function of the pipeline panics or returns an error, a value that it makes can't be
// encoded, or is too large for its topic. By default the job stops.
//
// The policy also holds behind a PartitionBy, and for windows that close: if all inputs
// from which their records come skip, they skip.
func OnError[M any](p ErrorPolicy) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Policy = p.policy }}
}

// OnTombstone says what happens to a record without a value, as compacted topics have for
// deleted keys. In an [App.Table] it deletes the row. In other inputs, by default, [Skip], it is dropped and counted as a tombstone. With [Fail] it
// is a record that can't be decoded, see [OnError].
func OnTombstone[M any](p ErrorPolicy) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Tombstones = p.policy }}
}

// WithSerde sets how the values of the input are encoded. Without it strings,
// []byte and integers are plain, and everything else is JSON.
func WithSerde[M any](s Serde[M]) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Serde = s }}
}

// Sample gives an input records of its own, for a first run: they are written to
// the topic when the job runs on the embedded log without a feed. f is called once
// a start and isn't told about earlier runs: records that aren't later than the
// last one in the topic are left out. If the input has several topics, the first
// gets them.
func Sample[M any](f func() iter.Seq[M]) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Sample = f }}
}

// StartOldest starts at the oldest record of a topic that the job has never read.
// That is also the default.
func StartOldest[M any]() InputOption[M] { return startAt[M](0, false) }

// StartNewest starts with what is written from now on, in a topic that the job has
// never read. In a topic that it has read it always goes on where it was.
func StartNewest[M any]() InputOption[M] { return startAt[M](scheduler.StartNewest, false) }

// StartAt starts at the first record that isn't older than t, in a topic that the
// job has never read, by the time that records have in the topic (when they were
// produced). If all are older, it starts with what is written from now on.
func StartAt[M any](t time.Time) InputOption[M] {
	return startAt[M](max(0, t.UnixMilli()), t.IsZero())
}

func startAt[M any](start int64, noTime bool) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Start, in.NoTime = start, noTime }}
}

// A Resumption says where an input goes on if the next record no longer exists: the
// topic keeps records for a shorter time than the job was down, or it was deleted
// and created again.
type Resumption struct{ at scheduler.OutOfRange }

// ResumeOldest goes on at the oldest record that is left.
func ResumeOldest() Resumption { return Resumption{scheduler.OutOfRangeOldest} }

// ResumeNewest goes on with what is written from now on.
func ResumeNewest() Resumption { return Resumption{scheduler.OutOfRangeNewest} }

// OnOutOfRange says what happens if the next record no longer exists: records are
// lost then. By default the job stops with a message that says so. If it goes on,
// that is logged and counted.
func OnOutOfRange[M any](r Resumption) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.OutOfRange = r.at }}
}

// Bootstrap makes each task read the input before all inputs without Bootstrap, up to the
// end that it has when the task first starts. From then on event time decides. A task
// bootstraps once: later starts don't wait for the input again.
func Bootstrap[M any]() InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Bootstrap = true }}
}

// NoBootstrap switches off the Bootstrap of an [App.Table].
func NoBootstrap[M any]() InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Bootstrap = false }}
}

// Priority orders the inputs of a stage: while an input with a higher priority has records,
// those with a lower one wait. The default is 0. Among equal ones, the record with the
// lowest event time comes first.
func Priority[M any](n int) InputOption[M] {
	return InputOption[M]{func(in *op.InputSpec[M]) { in.Priority = n }}
}
