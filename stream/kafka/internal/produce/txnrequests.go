package produce

import (
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// send makes the request of a step. sent is false if it never left. stepInitProducer sets
// t.who.
func (c *txnDriver) send(s step, t *transaction) (sent bool, err error) {
	node := int32(link.AnyBroker)
	if c.id != "" {
		what := c.coordinatorKey(s, t)
		if node, err = c.coordinators.Find(c.life.Context(), what); err != nil {
			return false, err
		}
		defer func() {
			if failed := kerr.Code(0); kerr.Unanswered(err) || errors.As(err, &failed) && failed.NotCoordinating() {
				c.coordinators.Forget(what)
			}
		}()
	}
	switch s {
	case stepInitProducer:
		err = c.initialise(node, t)
	case stepAddPartitions:
		err = c.addPartitions(node, t)
	case stepAddOffsets:
		err = c.addOffsets(node, t)
	case stepCommitOffsets:
		err = c.commitOffsetsStep(node, t)
	case stepEnd:
		err = c.end(node, t)
	}
	return true, err
}

// coordinatorKey returns the coordinator that a step addresses.
func (c *txnDriver) coordinatorKey(s step, t *transaction) cluster.CoordinatorKey {
	if s == stepCommitOffsets {
		return cluster.GroupKey(t.offsets.Group)
	}
	return cluster.TransactionKey(c.id)
}

// describe names a step in errors.
func describe(s step, t *transaction) string {
	switch s {
	case stepInitProducer:
		return "getting a producer id"
	case stepAddPartitions:
		return "adding partitions to the transaction"
	case stepAddOffsets, stepCommitOffsets:
		return fmt.Sprintf("adding the offsets of group %s to the transaction", t.offsets.Group)
	}
	if t.ending == commit {
		return "committing the transaction"
	}
	return "aborting the transaction"
}

func (c *txnDriver) initialise(node int32, t *transaction) error {
	answer, err := cluster.Exchange[*initproducerid.Response](c.life.Context(), c.link, node, &initproducerid.Request{
		TransactionalID:      c.id,
		TransactionTimeoutMs: int32(transactionTimeout.Milliseconds()),
		ProducerID:           t.who.id,
		ProducerEpoch:        t.who.epoch,
	})
	if err != nil {
		return err
	}
	t.who = producerID{answer.ProducerID, answer.ProducerEpoch}
	return c.refusal(answer.ErrorCode)
}

func (c *txnDriver) addPartitions(node int32, t *transaction) error {
	topics := cluster.ByTopic(t.adding, func(o *partitionBuffer) string { return o.Topic })
	req := &addpartitionstotxn.Request{TransactionalID: c.id, ProducerID: t.who.id, ProducerEpoch: t.who.epoch}
	for _, all := range topics {
		topic := addpartitionstotxn.RequestTopic{Name: all[0].Topic}
		for _, o := range all {
			topic.Partitions = append(topic.Partitions, o.Partition)
		}
		req.Topics = append(req.Topics, topic)
	}
	answer, err := cluster.Exchange[*addpartitionstotxn.Response](c.life.Context(), c.link, node, req)
	if err != nil {
		return err
	}
	for _, topic := range answer.Results {
		for _, p := range topic.Results {
			// All are added or none. Partitions that weren't the cause say so.
			if failed := kerr.Code(p.ErrorCode); failed != 0 && failed != kerr.NotAttempted {
				return c.refusalAt(p.ErrorCode, "Write", topic.Name, p.PartitionIndex)
			}
		}
	}
	return nil
}

func (c *txnDriver) addOffsets(node int32, t *transaction) error {
	answer, err := cluster.Exchange[*addoffsetstotxn.Response](c.life.Context(), c.link, node, &addoffsetstotxn.Request{
		TransactionalID: c.id, ProducerID: t.who.id, ProducerEpoch: t.who.epoch, GroupID: t.offsets.Group,
	})
	if err != nil {
		return err
	}
	return c.refusalFor(answer.ErrorCode, t.offsets.Group)
}

func (c *txnDriver) commitOffsetsStep(node int32, t *transaction) error {
	req := &txnoffsetcommit.Request{
		TransactionalID: c.id, GroupID: t.offsets.Group, ProducerID: t.who.id, ProducerEpoch: t.who.epoch,
		GenerationID: cluster.GenerationOf(t.offsets), MemberID: t.offsets.Member, GroupInstanceID: t.offsets.Instance,
	}
	for _, all := range cluster.ByTopic(t.offsets.Positions, func(p stream.Position) string { return p.Topic }) {
		topic := txnoffsetcommit.RequestTopic{Name: all[0].Topic}
		for _, p := range all {
			topic.Partitions = append(topic.Partitions, txnoffsetcommit.RequestPartition{
				Partition: p.Partition, CommittedOffset: p.Offset, CommittedLeaderEpoch: -1,
			})
		}
		req.Topics = append(req.Topics, topic)
	}
	answer, err := cluster.Exchange[*txnoffsetcommit.Response](c.life.Context(), c.link, node, req)
	if err != nil {
		return err
	}
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			switch kerr.Code(p.ErrorCode) {
			case 0:
			case kerr.TopicDenied, kerr.UnknownTopic:
				return c.refusalAt(p.ErrorCode, "Read", topic.Name, p.Partition)
			default:
				return c.refusalOffset(kerr.Code(p.ErrorCode), t.offsets)
			}
		}
	}
	return nil
}

func (c *txnDriver) end(node int32, t *transaction) error {
	answer, err := cluster.Exchange[*endtxn.Response](c.life.Context(), c.link, node, &endtxn.Request{
		TransactionalID: c.id, ProducerID: t.who.id, ProducerEpoch: t.who.epoch, Committed: t.ending == commit,
	})
	if err != nil {
		return err
	}
	if failed := kerr.Code(answer.ErrorCode); failed == kerr.ServerError {
		// A coordinator fails while another producer takes over the id (4.1 logs "already a
		// pending state PREPARE_EPOCH_FENCE"). The outcome is unknown, as without an answer:
		// the retry tells it.
		return &kerr.UnreachableError{Where: fmt.Sprintf("broker %d", node), Err: errors.New("it failed, and its log says why")}
	}
	return c.refusal(answer.ErrorCode)
}
