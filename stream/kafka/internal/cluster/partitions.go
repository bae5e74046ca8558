package cluster

import (
	"cmp"
	"slices"

	"github.com/gretestream/grete/stream"
)

// ByTopic groups elements by topic, in the order in which the topics first occur.
func ByTopic[P any](all []P, topic func(P) string) [][]P {
	var topics [][]P
	at := make(map[string]int)
	for _, p := range all {
		i, ok := at[topic(p)]
		if !ok {
			i = len(topics)
			at[topic(p)] = i
			topics = append(topics, nil)
		}
		topics[i] = append(topics[i], p)
	}
	return topics
}

// Sorted returns a sorted copy.
func Sorted(all []stream.TopicPartition) []stream.TopicPartition {
	all = slices.Clone(all)
	slices.SortFunc(all, comparePartitions)
	return all
}

func comparePartitions(a, b stream.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}
