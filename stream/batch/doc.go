// Package batch is Kafka's record batch, version 2: the bytes in which records
// lie in the embedded log and travel to and from brokers.
//
// On the record's way it stands between a [stream.Record] and bytes: a
// [Builder] appends records to a buffer that is used again and again, a [Reader]
// walks over concatenated batches and fills records whose keys and values alias
// the bytes read. Neither allocates per record.
//
// The bytes read may come from a disk or a network: whatever they are, the
// reader returns an error and doesn't panic, and its memory stays within the
// size of its input and [Reader.Limit].
package batch
