package container

import "github.com/gretestream/grete/stream"

// What follows is for harnesses: they move event time by hand, and look at what was
// committed.

// EventTime is the highest event time that the container has seen in inputs that
// aren't repartition topics; stream.NoTime if there was none.
func (c *Container) EventTime() int64 {
	highest := int64(stream.NoTime)
	for _, p := range c.partitions {
		if p.marks == nil && p.watermark != stream.NoTime {
			highest = max(highest, p.watermark+p.disorder)
		}
	}
	return highest
}

// Promise tells that nothing earlier than eventTime will come any more, in any
// input that isn't a repartition topic.
func (c *Container) Promise(eventTime int64) {
	for _, p := range c.partitions {
		if p.marks != nil || p.ended || p.watermark >= eventTime {
			continue
		}
		p.watermark, p.idle = eventTime, false
		p.source.SetWatermark(eventTime)
		p.task.moved = true
	}
}

// LastCommit returns where the inputs of a task were at its last commit, from the
// records of one of its changelogs; nil if there was none.
func LastCommit(changelog []stream.Record) ([]stream.Position, error) {
	for i := len(changelog) - 1; i >= 0; i-- {
		if string(changelog[i].Key) != metaKey {
			continue
		}
		m, err := parseMeta(changelog[i].Value)
		var at []stream.Position
		for _, in := range m.Inputs {
			at = append(at, stream.Position{TopicPartition: stream.TopicPartition{Topic: in.Topic, Partition: in.Partition}, Offset: in.Offset})
		}
		return at, err
	}
	return nil, nil
}
