package linktest

import (
	"testing"

	"github.com/gretestream/grete/stream"
)

// At returns a partition of a topic.
func At(topic string, partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: topic, Partition: partition}
}

// Must fails the test with an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TopicOf returns the first partitions of a topic.
func TopicOf(topic string, partitions int32) []stream.TopicPartition {
	var all []stream.TopicPartition
	for p := range partitions {
		all = append(all, At(topic, p))
	}
	return all
}
