// Package wire encodes the part of Kafka's protocol for which Grete has frames of its own.
// These are fetch and produce, on the record's way: records go from the connection into
// the consumer's memory, and from the producer's memory to the connection, without a copy
// in between. The others are requests that kafka-go lacks, at all or in the needed
// version. Every other request uses kafka-go's protocol packages.
package wire
