// Package stream defines the streaming layer: records in partitioned,
// replayable logs, and the small set of interfaces that a log implements.
//
// It sits at both ends of a record's path. A [Consumer] hands chunks of records
// to the event loop (package container). A [Producer] takes the records that
// the pipeline emits, and commits them together with the offsets that were
// read. Before a job starts, the planner asks an [Admin] for topics and their
// partitions.
//
// The main types are [Record], [TopicPartition], [System] with its [Consumer],
// [Producer] and [Admin], [Serde] between bytes and Go values, and [Control],
// the message that carries watermarks and the end of a stream through
// repartition topics.
//
// The implementations are packages below this one: local (the embedded log),
// memory (for tests) and kafka. Package streamtest is the conformance suite for
// implementations, including those outside this repository.
package stream
