package kafkasim

import (
	"time"

	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

func (c *Cluster) addPartitions(now time.Time, node int32, r *addpartitionstotxn.Request) *addpartitionstotxn.Response {
	var all []stream.TopicPartition
	unknown := false
	for i := range r.Topics {
		for _, p := range r.Topics[i].Partitions {
			tp := stream.TopicPartition{Topic: r.Topics[i].Name, Partition: p}
			all = append(all, tp)
			unknown = unknown || c.partition(tp) == nil
		}
	}
	var failed int16
	if !unknown {
		if _, failed = c.coordinator(node, r.TransactionalID, true); failed == 0 {
			failed = c.add(now, r.TransactionalID, r.ProducerID, r.ProducerEpoch, all)
		}
	}
	answer := &addpartitionstotxn.Response{Results: make([]addpartitionstotxn.ResponseResult, len(r.Topics))}
	for i := range r.Topics {
		out := addpartitionstotxn.ResponseResult{Name: r.Topics[i].Name, Results: make([]addpartitionstotxn.ResponsePartition, len(r.Topics[i].Partitions))}
		for k, p := range r.Topics[i].Partitions {
			code := failed
			if unknown {
				code = errcode.OperationNotAttempted
				if c.partition(stream.TopicPartition{Topic: out.Name, Partition: p}) == nil {
					code = errcode.UnknownTopic
				}
			}
			out.Results[k] = addpartitionstotxn.ResponsePartition{PartitionIndex: p, ErrorCode: code}
		}
		answer.Results[i] = out
	}
	return answer
}

func (c *Cluster) addOffsets(now time.Time, node int32, r *addoffsetstotxn.Request) *addoffsetstotxn.Response {
	_, failed := c.coordinator(node, r.TransactionalID, true)
	if failed == 0 {
		failed = c.add(now, r.TransactionalID, r.ProducerID, r.ProducerEpoch, []stream.TopicPartition{CoordinatorOf(r.GroupID, false)})
	}
	return &addoffsetstotxn.Response{ErrorCode: failed}
}

func (c *Cluster) endTransaction(node int32, r *endtxn.Request) *endtxn.Response {
	_, failed := c.coordinator(node, r.TransactionalID, true)
	if failed == 0 {
		failed = c.end(r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.Committed)
	}
	return &endtxn.Response{ErrorCode: failed}
}
