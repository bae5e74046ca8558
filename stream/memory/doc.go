// Package memory is a [stream.System] in memory, for tests: simple, and the same
// from run to run.
//
// On the record's way it stands at both ends, as the embedded log and Kafka do.
// It is strict where they are only sometimes: the memory of a chunk is
// overwritten when it is released, so that a test finds who keeps it. And it can
// be as unhandy as a log behind a network: see [System.Remote].
package memory
