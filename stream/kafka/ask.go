package kafka

import (
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
)

// This file has the requests of a transaction's steps.

// ask makes the request of a step. asked is false if it never left. An initialise
// sets t.who.
func (c *conductor) ask(s step, t *transaction) (asked bool, err error) {
	node := int32(AnyBroker)
	if c.id != "" {
		what := c.coordinated(s, t)
		if node, err = c.coordinators.find(c.life.context(), what); err != nil {
			return false, err
		}
		defer func() {
			if failed := code(0); unanswered(err) || errors.As(err, &failed) && failed.notCoordinating() {
				c.coordinators.forget(what)
			}
		}()
	}
	switch s {
	case initialise:
		err = c.initialise(node, t)
	case addPartitions:
		err = c.addPartitions(node, t)
	case addOffsets:
		err = c.addOffsets(node, t)
	case commitOffsets:
		err = c.commitGroup(node, t)
	case end:
		err = c.end(node, t)
	}
	return true, err
}

// coordinated is what a step is about.
func (c *conductor) coordinated(s step, t *transaction) coordinated {
	if s == commitOffsets {
		return groupOf(t.offsets.Group)
	}
	return transactionOf(c.id)
}

// describe says what a step does, for errors.
func describe(s step, t *transaction) string {
	switch s {
	case initialise:
		return "getting a producer id"
	case addPartitions:
		return "adding partitions to the transaction"
	case addOffsets, commitOffsets:
		return fmt.Sprintf("adding the offsets of group %s to the transaction", t.offsets.Group)
	}
	if t.ending == commit {
		return "committing the transaction"
	}
	return "aborting the transaction"
}

func (c *conductor) initialise(node int32, t *transaction) error {
	answer, err := exchange[*initproducerid.Response](c.life.context(), c.link, node, &initproducerid.Request{
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

func (c *conductor) addPartitions(node int32, t *transaction) error {
	topics := inTopics(t.asked, func(o *outbox) string { return o.Topic })
	req := &addpartitionstotxn.Request{TransactionalID: c.id, ProducerID: t.who.id, ProducerEpoch: t.who.epoch}
	for _, all := range topics {
		topic := addpartitionstotxn.RequestTopic{Name: all[0].Topic}
		for _, o := range all {
			topic.Partitions = append(topic.Partitions, o.Partition)
		}
		req.Topics = append(req.Topics, topic)
	}
	answer, err := exchange[*addpartitionstotxn.Response](c.life.context(), c.link, node, req)
	if err != nil {
		return err
	}
	for _, topic := range answer.Results {
		for _, p := range topic.Results {
			// All are added or none; those that weren't to blame say so.
			if failed := code(p.ErrorCode); failed != 0 && failed != notAttempted {
				return c.refusalAt(p.ErrorCode, "Write", topic.Name, p.PartitionIndex)
			}
		}
	}
	return nil
}

func (c *conductor) addOffsets(node int32, t *transaction) error {
	answer, err := exchange[*addoffsetstotxn.Response](c.life.context(), c.link, node, &addoffsetstotxn.Request{
		TransactionalID: c.id, ProducerID: t.who.id, ProducerEpoch: t.who.epoch, GroupID: t.offsets.Group,
	})
	if err != nil {
		return err
	}
	return c.refusalFor(answer.ErrorCode, t.offsets.Group)
}

func (c *conductor) commitGroup(node int32, t *transaction) error {
	req := &txnoffsetcommit.Request{
		TransactionalID: c.id, GroupID: t.offsets.Group, ProducerID: t.who.id, ProducerEpoch: t.who.epoch,
		GenerationID: generationOf(t.offsets), MemberID: t.offsets.Member, GroupInstanceID: t.offsets.Instance,
	}
	for _, all := range inTopics(t.offsets.Positions, func(p stream.Position) string { return p.Topic }) {
		topic := txnoffsetcommit.RequestTopic{Name: all[0].Topic}
		for _, p := range all {
			topic.Partitions = append(topic.Partitions, txnoffsetcommit.RequestPartition{
				Partition: p.Partition, CommittedOffset: p.Offset, CommittedLeaderEpoch: -1,
			})
		}
		req.Topics = append(req.Topics, topic)
	}
	answer, err := exchange[*txnoffsetcommit.Response](c.life.context(), c.link, node, req)
	if err != nil {
		return err
	}
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			switch code(p.ErrorCode) {
			case 0:
			case topicDenied:
				return c.refusalAt(p.ErrorCode, "Read", topic.Name, p.Partition)
			default:
				return c.refusalOffset(code(p.ErrorCode), t.offsets)
			}
		}
	}
	return nil
}

func (c *conductor) end(node int32, t *transaction) error {
	answer, err := exchange[*endtxn.Response](c.life.context(), c.link, node, &endtxn.Request{
		TransactionalID: c.id, ProducerID: t.who.id, ProducerEpoch: t.who.epoch, Committed: t.ending == commit,
	})
	if err != nil {
		return err
	}
	if failed := code(answer.ErrorCode); failed == serverError {
		// A coordinator at which somebody is just taking over fails at this (4.1 says
		// "already a pending state PREPARE_EPOCH_FENCE" in its log). It is as good as no
		// answer: asked again, it says how things are.
		return &UnreachableError{Where: fmt.Sprintf("broker %d", node), Err: errors.New("it failed, and its log says why")}
	}
	return c.refusal(answer.ErrorCode)
}
