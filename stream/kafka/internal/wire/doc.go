// Package wire is Kafka's protocol as far as Grete speaks it in words of its own:
// what lies on the record's way, fetch and produce, so that records go from the
// connection into the consumer's memory and from the producer's memory to the
// connection without a copy between; and the requests that kafka-go doesn't
// know, or not in the version that is needed. All else is said with kafka-go's protocol packages.
package wire
