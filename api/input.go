package api

import (
	"iter"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// DefaultDisorder is by how much the event times of an input may go back without
// a record being late, unless [InputOption.Disorder] says otherwise.
const DefaultDisorder = 5 * time.Second

// A Serde turns values into bytes and back; see [WithSerde].
type Serde[M any] = stream.Serde[M]

// An InputOption says something of an input.
type InputOption[M any] struct{ apply func(*input[M]) }

// input is what the options of an input have set.
type input[M any] struct {
	eventTime func(M) time.Time
	disorder  time.Duration
	policy    ErrorPolicy
	serde     Serde[M]
	serdeName string
	sample    func() iter.Seq[M]
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
	return InputOption[M]{func(in *input[M]) { in.serde, in.serdeName = s, serdeName(s) }}
}

// Sample gives an input records of its own, for a first run: they are written to
// the topic when the job runs on the embedded log, without a feed. The
// sequence is asked for once a start; f gets to know nothing of earlier
// starts, but records that aren't later than the last one in the topic are left
// out.
func Sample[M any](f func() iter.Seq[M]) InputOption[M] {
	return InputOption[M]{func(in *input[M]) { in.sample = f }}
}

// From reads the values of a topic. Records keep their key to an output, but the
// stream can't be used as keyed; see [App.FromKeyed].
func (a *App) From[M any](topic string, opts ...InputOption[M]) Stream[M] {
	return Stream[M]{a, addInput(a, topic, "", opts)}
}

// FromKeyed reads a topic whose records are keyed, and partitioned, by K.
func (a *App) FromKeyed[K comparable, M any](topic string, opts ...InputOption[M]) KeyedStream[K, M] {
	_, key := stream.SerdeFor[K]()
	n := addInput(a, topic, key, opts)
	return KeyedStream[K, M]{Stream: Stream[M]{a, n}}
}

func addInput[M any](a *App, topic, key string, opts []InputOption[M]) int {
	in := input[M]{disorder: DefaultDisorder}
	in.serde, in.serdeName = stream.SerdeFor[M]()
	for _, o := range opts {
		o.apply(&in)
	}
	if err := scheduler.ValidName(topic); err != nil {
		a.mistake(caller(), topicError("input", topic, err))
	}
	params := []scheduler.Param{{Name: "disorder", Value: in.disorder.String()}}
	if in.policy.kind == policySkip {
		params = append(params, scheduler.Param{Name: "on-error", Value: "skip"})
	}
	n := record[M](a, node{
		Node: scheduler.Node{Kind: scheduler.KindInput, Topic: topic, Key: key, Value: in.serdeName, Params: params},
		source: func(b *builder, down any) (source, error) {
			return newTopicSource(b, in, key != "", down.(push[M])), nil
		},
	})
	if in.sample != nil {
		a.samples = append(a.samples, newSampled(topic, in))
	}
	return n
}
