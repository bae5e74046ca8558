package api

import (
	"iter"

	"github.com/gretestream/grete/api/internal/op"
)

// Generate is the stream of the values that a sequence yields: an input that isn't a topic,
// for tests, load, ticks, or what no topic has. One task of the stage runs the sequence, in
// a goroutine of its own, a few hundred values ahead at most.
//
// The number of processed values is committed with the state. After a restart or a failure
// the sequence runs again from its start, and the values that were processed are skipped.
// So seq must yield the same values in the same order each time that it is ranged over;
// with that, each value has its effect exactly once. A value must not be changed after it
// was yielded.
//
// Options are [EventTime] with Disorder and MaxAhead, [OnError] and [Priority]. Without
// EventTime a value happens when it is processed first. OnError is for operators that fail
// on a value. A sequence that panics stops the job.
//
// A run with -once ends when the sequence has ended and all is processed: never, if the
// sequence doesn't end. A run without -once goes on without further values. A job can stop
// a sequence only when it yields: one that waits for something for long delays the stop.
func (a *App) Generate[M any](name string, seq iter.Seq[M], opts ...InputOption[M]) Stream[M] {
	return Stream[M]{a, op.Generate(&a.pipeline, name, seq, inputSpec(opts))}
}
