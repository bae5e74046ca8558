package loop

import (
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// Measure brings the gauges of the task and its inputs up to date.
func (t *Running) Measure() {
	if t.Logic != nil {
		t.counts.State = metrics.TaskRunning
		t.counts.Watermark = t.lowWatermark()
	}
	if t.Ended {
		t.counts.State = metrics.TaskEnded
	}
	for _, p := range t.partitions {
		p.counts.Next = p.position
		if p.generator != "" {
			continue // it makes values when they are wanted, so it has no lag
		}
		p.counts.End = t.loop.Inputs.consumer.End(p.TopicPartition)
		if p.bound >= 0 {
			p.counts.End = p.bound
		}
	}
}

// lowWatermark is the event time that the task has reached: the least of the inputs that
// aren't idle, or, if all are idle, the least of those that have a watermark.
func (t *Running) lowWatermark() int64 {
	if w := t.watermark(); w != IdleTime {
		return w
	}
	least := int64(IdleTime)
	for _, p := range t.partitions {
		if p.watermark != stream.NoTime {
			least = min(least, p.watermark)
		}
	}
	if least == IdleTime {
		return metrics.NoTime
	}
	return least
}
