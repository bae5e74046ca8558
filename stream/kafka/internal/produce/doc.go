// Package produce sends records. A [Producer] encodes them into batches, one open for each
// partition. Its sender keeps one request in flight to each broker. Two state machines without
// I/O decide what may be sent: the sequence of a partition, and the transaction, whose requests
// the transaction driver makes.
package produce
