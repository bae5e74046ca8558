// Package stream is the streaming layer: records in partitioned, replayable
// logs, and the small set of interfaces behind which a log can be anything.
//
// On the record's way it stands at both ends: a [Consumer] hands the event loop
// (package container) chunks of records, and a [Producer] takes what the
// pipeline emits, and commits it together with the offsets that were read. On
// the job's way it is what the planner asks for topics and their partitions
// ([Admin]).
//
// The few types: [Record], [TopicPartition], [System] with its [Consumer],
// [Producer] and [Admin], [Serde] between bytes and Go values, and [Control],
// the message by which watermarks and the end of a stream travel through
// repartition topics.
//
// Implementations are leaves below this package: local (the embedded log),
// memory (tests) and, for a cluster, kafka. streamtest is the conformance suite
// that each must pass, and that a system written elsewhere can run too.
package stream
