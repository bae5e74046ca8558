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
