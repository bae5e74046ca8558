package kafkasim

import (
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// group returns the slot of a group, if a commit to it is right. Groups have no
// members here.
func (c *Cluster) group(node int32, group string, generation int32) (*slot, int16) {
	s, failed := c.coordinator(node, group, false)
	if failed != 0 || generation < 0 {
		return s, failed
	}
	for of := range s.offsets.committed { // in any order
		if of.group == group {
			return s, unknownMember
		}
	}
	return s, illegalGeneration
}

func (c *Cluster) offsetCommit(node int32, r *offsetcommit.Request) *offsetcommit.Response {
	s, failed := c.group(node, r.GroupID, r.GenerationID)
	answer := &offsetcommit.Response{Topics: make([]offsetcommit.ResponseTopic, len(r.Topics))}
	for i := range r.Topics {
		out := offsetcommit.ResponseTopic{Name: r.Topics[i].Name}
		for _, p := range r.Topics[i].Partitions {
			tp := stream.TopicPartition{Topic: out.Name, Partition: p.PartitionIndex}
			code := failed
			if c.partition(tp) == nil {
				code = unknownTopic
			}
			if code == 0 {
				s.offsets.set(groupPartition{r.GroupID, tp}, p.CommittedOffset, -1)
			}
			out.Partitions = append(out.Partitions, offsetcommit.ResponsePartition{PartitionIndex: p.PartitionIndex, ErrorCode: code})
		}
		answer.Topics[i] = out
	}
	c.changed()
	return answer
}

func (c *Cluster) txnOffsetCommit(node int32, r *txnoffsetcommit.Request) *txnoffsetcommit.Response {
	s, failed := c.joinTransaction(node, r)
	answer := &txnoffsetcommit.Response{Topics: make([]txnoffsetcommit.ResponseTopic, len(r.Topics))}
	for i := range r.Topics {
		out := txnoffsetcommit.ResponseTopic{Name: r.Topics[i].Name}
		for _, p := range r.Topics[i].Partitions {
			tp := stream.TopicPartition{Topic: out.Name, Partition: p.Partition}
			code := failed
			if c.partition(tp) == nil {
				code = unknownTopic
			}
			if code == 0 {
				s.offsets.set(groupPartition{r.GroupID, tp}, p.CommittedOffset, r.ProducerID)
			}
			out.Partitions = append(out.Partitions, txnoffsetcommit.ResponsePartition{Partition: p.Partition, ErrorCode: code})
		}
		answer.Topics[i] = out
	}
	c.changed()
	return answer
}

// joinTransaction checks that the transaction has been told of the group, and that
// its producer is the last one of its id that the group has heard of.
func (c *Cluster) joinTransaction(node int32, r *txnoffsetcommit.Request) (*slot, int16) {
	if r.GroupID == "" {
		return nil, invalidGroup
	}
	s, failed := c.coordinator(node, r.GroupID, false)
	if failed != 0 {
		return nil, failed
	}
	p := s.offsets.producers.of(r.ProducerID)
	if r.ProducerEpoch < p.epoch {
		return nil, invalidProducerEpoch
	}
	if !p.transacting(r.ProducerEpoch) {
		if failed := c.inTransaction(r.TransactionalID, r.ProducerID, r.ProducerEpoch, s.TopicPartition); failed != 0 {
			return nil, failed
		}
	}
	if _, failed := c.group(node, r.GroupID, r.GenerationID); failed != 0 {
		return nil, failed
	}
	p.epoch = r.ProducerEpoch
	if p.first < 0 {
		p.first = s.offsets.written
	}
	return s, 0
}

func (c *Cluster) offsetFetch(node int32, r *wire.OffsetFetch) *wire.OffsetFetch {
	answer := &wire.OffsetFetch{}
	s, failed := c.coordinator(node, r.Group, false)
	if answer.Answer.Code = failed; failed != 0 {
		return answer
	}
	for _, tp := range r.Partitions {
		of := groupPartition{r.Group, tp}
		out := wire.CommittedOffset{TopicPartition: tp, Offset: -1}
		if got, ok := s.offsets.committed[of]; ok {
			out.Offset = got.offset
		}
		if !c.UnstableOffsets && s.offsets.unstable(of) {
			out.Offset, out.Code = -1, unstableOffset
		}
		answer.Answer.Partitions = append(answer.Answer.Partitions, out)
	}
	return answer
}
