// Package generate runs the sequences of generators: inputs whose values the program makes
// itself.
//
// A [Consumer] adds generators to the consumer of a container. The loop sees a generator as
// one more partition, whose offsets are the numbers of the values, and commits its position
// with those of the other inputs. After a restart the sequence runs again from its start,
// and the values before the position are skipped.
//
// Each sequence runs in a goroutine of its own, which belongs to the Consumer: it ends, and
// is waited for, when the generator is removed. It is at most [Slots] values ahead of the
// loop.
package generate
