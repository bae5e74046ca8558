package kafkasim

import (
	"github.com/segmentio/kafka-go/protocol/listoffsets"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/partlog"
)

// Instead of a time.
const (
	latest   = -1
	earliest = -2
)

func (c *Cluster) listOffsets(node int32, r *listoffsets.Request) *listoffsets.Response {
	answer := &listoffsets.Response{}
	for i := range r.Topics {
		out := listoffsets.ResponseTopic{Topic: r.Topics[i].Topic}
		for _, asked := range r.Topics[i].Partitions {
			got := listoffsets.ResponsePartition{Partition: asked.Partition, Timestamp: -1, Offset: -1, LeaderEpoch: -1}
			p, failed := c.atEpoch(node, stream.TopicPartition{Topic: out.Topic, Partition: asked.Partition}, asked.CurrentLeaderEpoch)
			if got.ErrorCode = failed; failed == 0 {
				end := p.log.End()
				if r.IsolationLevel == 1 {
					end = p.log.Stable()
				}
				got.Timestamp, got.Offset = listOffset(p.log, asked.Timestamp, end)
				if got.Offset >= 0 {
					got.LeaderEpoch = p.epoch
				}
			}
			out.Partitions = append(out.Partitions, got)
		}
		answer.Topics = append(answer.Topics, out)
	}
	return answer
}

// listOffset returns an end, or the first record, of a user or a marker, whose time
// isn't before at.
func listOffset(l *partlog.Log, at, end int64) (time, offset int64) {
	switch at {
	case latest:
		return -1, end
	case earliest:
		return -1, l.Start()
	}
	return l.Find(at, end)
}

func (c *Cluster) deleteRecords(node int32, r *wire.DeleteRecords) *wire.DeleteRecords {
	answer := &wire.DeleteRecords{}
	for _, before := range r.Before {
		out := wire.DeletedRecords{TopicPartition: before.TopicPartition, Start: -1}
		p, failed := c.ledBy(node, before.TopicPartition)
		if out.Code = failed; failed == 0 {
			out.Start, out.Code = p.deleteRecords(before.Offset)
			c.changed()
		}
		answer.Answer = append(answer.Answer, out)
	}
	return answer
}

func (p *partition) deleteRecords(before int64) (start int64, failed int16) {
	if before == latest {
		before = p.log.End()
	}
	switch {
	case !p.topic.deletes:
		return -1, errcode.PolicyViolation
	case before < 0 || before > p.log.End():
		return -1, errcode.OffsetOutOfRange
	}
	p.log.Advance(before)
	return p.log.Start(), 0
}
