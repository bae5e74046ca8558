package api

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/scheduler"
)

// From reads the values of a topic. Records keep their key to an output, but the
// stream can't be used as keyed; see [App.FromKeyed].
func (a *App) From[M any](topic string, opts ...InputOption[M]) Stream[M] {
	return Stream[M]{a, addInput(a, a.oneTopic(topic), "", opts)}
}

// FromKeyed reads a topic whose records are keyed, and partitioned, by K.
func (a *App) FromKeyed[K comparable, M any](topic string, opts ...InputOption[M]) KeyedStream[K, M] {
	return keyedInput[K](a, a.oneTopic(topic), opts)
}

// FromTopics reads the values of several topics as one stream: order is kept
// within each partition of each. The job's consumer group is named after the
// first of them; add new ones behind it.
func (a *App) FromTopics[M any](topics []string, opts ...InputOption[M]) Stream[M] {
	return Stream[M]{a, addInput(a, a.severalTopics(topics), "", opts)}
}

// FromKeyedTopics is FromTopics for topics whose records are keyed, and
// partitioned, by K.
func (a *App) FromKeyedTopics[K comparable, M any](topics []string, opts ...InputOption[M]) KeyedStream[K, M] {
	return keyedInput[K](a, a.severalTopics(topics), opts)
}

// FromMatching reads the values of all topics whose whole names match a regular
// expression (RE2), as one stream. At least one must exist when the job starts;
// a topic that is created later is taken in at the next start. What the job
// writes itself never matches, nor do topics whose names begin with "__", the
// brokers' own. The job's consumer group is named after name, which must be
// unique and stay the same.
func (a *App) FromMatching[M any](name, pattern string, opts ...InputOption[M]) Stream[M] {
	return Stream[M]{a, addInput(a, a.matchingTopics(name, pattern), "", opts)}
}

// FromKeyedMatching is FromMatching for topics whose records are keyed, and
// partitioned, by K.
func (a *App) FromKeyedMatching[K comparable, M any](name, pattern string, opts ...InputOption[M]) KeyedStream[K, M] {
	return keyedInput[K](a, a.matchingTopics(name, pattern), opts)
}

func (a *App) oneTopic(topic string) scheduler.Node {
	if err := scheduler.ValidName(topic); err != nil {
		a.mistake(caller(), topicError("input", topic, err))
	}
	return scheduler.Node{Kind: scheduler.KindInput, Topic: topic}
}

func (a *App) severalTopics(topics []string) scheduler.Node {
	if len(topics) == 0 {
		a.mistake(caller(), errors.New("an input of no topics: name those that it reads"))
	}
	for i, topic := range topics {
		if err := scheduler.ValidName(topic); err != nil {
			a.mistake(caller(), topicError("input", topic, err))
		}
		if slices.Contains(topics[:i], topic) {
			a.mistake(caller(), fmt.Errorf("input topic %q is named twice", topic))
		}
	}
	return scheduler.Node{Kind: scheduler.KindInput, Topics: slices.Clone(topics)}
}

func (a *App) matchingTopics(name, pattern string) scheduler.Node {
	a.named(name, "input")
	if _, err := scheduler.ParsePattern(pattern); err != nil {
		a.mistake(caller(), fmt.Errorf("input %q: %w", name, err))
	} else if pattern == "" {
		a.mistake(caller(), fmt.Errorf("input %q: the pattern is missing", name))
	}
	return scheduler.Node{Kind: scheduler.KindInput, Name: name, Pattern: pattern}
}

func keyedInput[K comparable, M any](a *App, n scheduler.Node, opts []InputOption[M]) KeyedStream[K, M] {
	keys, key := a.serdes.For[K]()
	n.KeyShape = shapeOf(keys, key)
	return KeyedStream[K, M]{Stream: Stream[M]{a, addInput(a, n, key, opts)}}
}

// addInput records an input; from says which topics it reads.
func addInput[M any](a *App, from scheduler.Node, key string, opts []InputOption[M]) int {
	in := input[M]{disorder: DefaultDisorder}
	for _, o := range opts {
		o.apply(&in)
	}
	serdeName := in.find(a)
	in.check(a, from)
	from.Key, from.Value, from.Params = key, serdeName, in.params()
	from.Start, from.OutOfRange, from.ValueShape = in.start, in.outOfRange, shapeOf(in.serde, serdeName)
	n := record[M](a, node{
		Node: from,
		source: func(b *builder, down any) (source, error) {
			return newTopicSource(b, in, key != "", down.(push[M])), nil
		},
	})
	if in.sample != nil {
		topic := from.Topic
		if len(from.Topics) > 0 {
			topic = from.Topics[0]
		}
		a.samples = append(a.samples, newSample(topic, in))
	}
	return n
}
