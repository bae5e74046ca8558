// Package batch encodes and decodes Kafka's record batches, version 2. The embedded
// log stores this format, and brokers send and receive it.
//
// A [Builder] appends records to a buffer, which can be reused. A [Reader] iterates
// over concatenated batches; the keys and values of its records alias the bytes
// read. Neither allocates memory per record.
//
// A Reader may be given any bytes, from a disk or a network. Malformed input is an
// error, never a panic, and memory is bounded by the size of the input and by
// [Reader.Limit].
package batch
