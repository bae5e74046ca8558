package kafkasim

import (
	"time"

	"github.com/gretestream/grete/stream"
)

// Records returns copies of the records of a partition in order: the committed ones up to
// the last stable offset; or, if not only committed ones, all but the aborted ones up to
// the high watermark.
func (c *Cluster) Records(tp stream.TopicPartition, committed bool) []stream.Record {
	p := c.partition(tp)
	if p == nil {
		return nil
	}
	return p.log.Records(committed)
}

// Partitions returns those of all topics, in the order of their creation.
func (c *Cluster) Partitions() []stream.TopicPartition {
	var all []stream.TopicPartition
	for _, t := range c.topics {
		for _, p := range t.partitions {
			all = append(all, p.TopicPartition)
		}
	}
	return all
}

// Start returns the offset of the first record that a partition has kept.
func (c *Cluster) Start(tp stream.TopicPartition) int64 { return c.mustHave(tp).log.Start() }

// HighWatermark returns the end of a partition.
func (c *Cluster) HighWatermark(tp stream.TopicPartition) int64 { return c.mustHave(tp).log.End() }

// LastStable returns the last stable offset of a partition.
func (c *Cluster) LastStable(tp stream.TopicPartition) int64 { return c.mustHave(tp).log.Stable() }

// Compact keeps the last record of each key in the stable part of a partition, as
// [partlog.Log.Compact] does.
func (c *Cluster) Compact(now time.Time, tp stream.TopicPartition) {
	p := c.mustHave(tp)
	p.log.Compact(now, p.topic.tombstones)
	c.changed()
}

// Truncate is an unclean election: the last n offsets are lost as if they had never
// existed, and the leader epoch is increased. Coordinators don't notice.
func (c *Cluster) Truncate(tp stream.TopicPartition, n int64) {
	p := c.mustHave(tp)
	p.log.Truncate(n)
	p.elected(p.leader)
	c.changed()
}

func (c *Cluster) mustHave(tp stream.TopicPartition) *partition {
	if p := c.partition(tp); p != nil {
		return p
	}
	panic("kafkasim: there is no partition " + tp.String())
}
