package api

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/gretestream/grete/scheduler"
)

// DefaultDisorder is by how much the event times of an input may go back without
// a record being late, unless [InputOption.Disorder] says otherwise.
const DefaultDisorder = 5 * time.Second

// An InputOption says something of an input.
type InputOption[M any] struct{ apply func(*input[M]) }

// input is what the options of an input have set.
type input[M any] struct {
	eventTime func(M) time.Time
	disorder  time.Duration
	policy    ErrorPolicy
	serde     Serde[M] // nil: that of its type
	sample    func() iter.Seq[M]

	start      int64 // as scheduler.Input has it
	noTime     bool  // StartAt was given the zero time
	outOfRange scheduler.OutOfRange
}

// EventTime says when a record happened. Without it that's when it was
// produced. Times are kept in milliseconds.
func EventTime[M any](f func(M) time.Time) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { in.eventTime = f }}
}

// Disorder is added to an [EventTime]: by how much event times may go back from
// one record of a partition to a later one. Windows wait that long.
func (o InputOption[M]) Disorder(d time.Duration) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { o.apply(in); in.disorder = d }}
}

// OnError says what happens to a record of the input that can't be decoded, or
// for which a function of the pipeline panics or returns an error: by default
// the job stops.
func OnError[M any](p ErrorPolicy) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { in.policy = p }}
}

// WithSerde sets how the records' values are encoded. Without it strings, []byte
// and integers are plain, everything else is JSON.
func WithSerde[M any](s Serde[M]) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { in.serde = s }}
}

// Sample gives an input records of its own, for a first run: they are written to
// the topic when the job runs on the embedded log, without a feed. The
// sequence is asked for once a start; f gets to know nothing of earlier
// starts, but records that aren't later than the last one in the topic are left
// out. Of an input of several topics, the first gets them.
func Sample[M any](f func() iter.Seq[M]) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { in.sample = f }}
}

// StartOldest begins with the oldest record that a topic holds, where the job has
// never read it. That's also what happens without it.
func StartOldest[M any]() InputOption[M] { return startAt[M](0, false) }

// StartNewest begins with what is written from now on, where the job has never
// read a topic. What a job has read once it goes on with from there, always.
func StartNewest[M any]() InputOption[M] { return startAt[M](scheduler.StartNewest, false) }

// StartAt begins with the first record that isn't older than t, by the time that
// the records have in the topic (that is, when they were produced), where the job
// has never read it. Where all are older it begins with what is written from now
// on.
func StartAt[M any](t time.Time) InputOption[M] {
	return startAt[M](max(0, t.UnixMilli()), t.IsZero())
}

func startAt[M any](start int64, noTime bool) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { in.start, in.noTime = start, noTime }}
}

// A Resumption says where an input goes on if the record that is next isn't there
// any more: the topic keeps records for a shorter time than the job was away, or was
// deleted and made anew.
type Resumption struct{ at scheduler.OutOfRange }

// ResumeOldest goes on at the oldest record that is left.
func ResumeOldest() Resumption { return Resumption{scheduler.OutOfRangeOldest} }

// ResumeNewest goes on with what is written from now on.
func ResumeNewest() Resumption { return Resumption{scheduler.OutOfRangeNewest} }

// OnOutOfRange says what happens if the record that is next isn't there any more:
// records are lost then. By default the job stops, with a message that says so.
// Where it goes on, that is logged and counted.
func OnOutOfRange[M any](r Resumption) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { in.outOfRange = r.at }}
}

// find finds the serde, unless the user gave one, and returns its name.
func (in *input[M]) find(a *App) (name string) {
	if in.serde != nil {
		return a.serdes.Add(in.serde)
	}
	in.serde, name = a.serdes.For[M]()
	return name
}

// check reports options that make no sense for an input.
func (in *input[M]) check(a *App, from scheduler.Node) {
	if in.noTime {
		a.mistake(caller(), errors.New("StartAt has no time: it is the zero time.Time"))
	}
	if in.sample != nil && from.Pattern != "" {
		a.mistake(caller(), fmt.Errorf("input %q: a sample needs to know its topic, which a pattern doesn't say; read it with From", from.Name))
	}
}

// params are those of the plan's node.
func (in *input[M]) params() []scheduler.Param {
	params := []scheduler.Param{{Name: "disorder", Value: in.disorder.String(), Affects: scheduler.AffectsResults}}
	if in.policy.kind == policySkip {
		params = append(params, scheduler.Param{Name: "on-error", Value: "skip", Affects: scheduler.AffectsResults})
	}
	return params
}
