package api

import (
	"slices"

	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
)

// From reads the values of a topic. Records keep their key on the way to an output,
// but the stream isn't keyed; see [App.FromKeyed].
func (a *App) From[M any](topic string, opts ...InputOption[M]) Stream[M] {
	return addInput(a, a.oneTopic(topic), opts)
}

// FromKeyed reads a topic whose records are keyed, and partitioned, by K.
func (a *App) FromKeyed[K comparable, M any](topic string, opts ...InputOption[M]) KeyedStream[K, M] {
	return addKeyedInput[K](a, a.oneTopic(topic), opts)
}

// FromTopics reads the values of several topics as one stream. Order is kept
// within each partition of each. The job's consumer group is named after the
// first topic: add new ones behind it.
func (a *App) FromTopics[M any](topics []string, opts ...InputOption[M]) Stream[M] {
	return addInput(a, a.severalTopics(topics), opts)
}

// FromKeyedTopics is FromTopics for topics whose records are keyed, and
// partitioned, by K.
func (a *App) FromKeyedTopics[K comparable, M any](topics []string, opts ...InputOption[M]) KeyedStream[K, M] {
	return addKeyedInput[K](a, a.severalTopics(topics), opts)
}

// FromMatching reads the values of all topics whose whole names match a regular
// expression (RE2), as one stream. At least one must exist when the job starts; a
// topic that is created later is read from the next start on. The job's own
// outputs never match, nor do topics whose names start with "__", the brokers'
// own. The job's consumer group is named after name, which must be unique and
// stay the same.
func (a *App) FromMatching[M any](name, pattern string, opts ...InputOption[M]) Stream[M] {
	return addInput(a, a.matchingTopics(name, pattern), opts)
}

// FromKeyedMatching is FromMatching for topics whose records are keyed, and
// partitioned, by K.
func (a *App) FromKeyedMatching[K comparable, M any](name, pattern string, opts ...InputOption[M]) KeyedStream[K, M] {
	return addKeyedInput[K](a, a.matchingTopics(name, pattern), opts)
}

func (a *App) oneTopic(topic string) scheduler.Node {
	if err := scheduler.ValidName(topic); err != nil {
		a.pipeline.Mistake("input topic %q: %w", topic, err)
	}
	return scheduler.Node{Kind: scheduler.KindInput, Topic: topic}
}

func (a *App) severalTopics(topics []string) scheduler.Node {
	if len(topics) == 0 {
		a.pipeline.Mistake("an input has no topics: name those that it reads")
	}
	for i, topic := range topics {
		if err := scheduler.ValidName(topic); err != nil {
			a.pipeline.Mistake("input topic %q: %w", topic, err)
		}
		if slices.Contains(topics[:i], topic) {
			a.pipeline.Mistake("input topic %q is named twice", topic)
		}
	}
	return scheduler.Node{Kind: scheduler.KindInput, Topics: slices.Clone(topics)}
}

func (a *App) matchingTopics(name, pattern string) scheduler.Node {
	a.pipeline.Named(name, "input")
	if _, err := scheduler.ParsePattern(pattern); err != nil {
		a.pipeline.Mistake("input %q: %w", name, err)
	} else if pattern == "" {
		a.pipeline.Mistake("input %q: the pattern is missing", name)
	}
	return scheduler.Node{Kind: scheduler.KindInput, Name: name, Pattern: pattern}
}

func addInput[M any](a *App, n scheduler.Node, opts []InputOption[M]) Stream[M] {
	return Stream[M]{a, op.Input(&a.pipeline, n, inputSpec(opts))}
}

func addKeyedInput[K comparable, M any](a *App, n scheduler.Node, opts []InputOption[M]) KeyedStream[K, M] {
	return KeyedStream[K, M]{Stream: Stream[M]{a, op.KeyedInput[K](&a.pipeline, n, inputSpec(opts))}}
}
