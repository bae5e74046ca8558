package kafka

import (
	"fmt"

	"github.com/gretestream/grete/stream"
)

// refusal explains why a coordinator won't do something; nil if it does.
func (c *conductor) refusal(failed int16) error {
	switch failed := code(failed); failed {
	case 0:
		return nil
	case badTransactionTime:
		return fmt.Errorf("%w: %w: set the brokers' transaction.max.timeout.ms to %d at least", failed, ErrNoTransactions, transactionTimeout.Milliseconds())
	case clusterDenied:
		return denied(failed, "IdempotentWrite", clusterResource, "kafka-cluster")
	case staleProducerEpoch, producerFenced:
		return c.sender.fenced(failed)
	default:
		return denied(failed, "Write", transactionalResource, c.id)
	}
}

// refusalFor is refusal where it may be for a group.
func (c *conductor) refusalFor(failed int16, group string) error {
	if code(failed) == groupDenied {
		return denied(groupDenied, "Read", groupResource, group)
	}
	return c.refusal(failed)
}

// refusalOffset is refusal where it may be for a member of the group.
func (c *conductor) refusalOffset(failed code, offsets stream.GroupOffsets) error {
	if err := memberless(failed, offsets); err != nil {
		return err
	}
	return c.refusalFor(int16(failed), offsets.Group)
}

// refusalAt is refusal where it may be for a topic.
func (c *conductor) refusalAt(failed int16, operation, topic string, partition int32) error {
	err := c.refusal(failed)
	if code(failed) == topicDenied {
		err = denied(topicDenied, operation, topicResource, topic)
	}
	return fmt.Errorf("%s: %w", stream.TopicPartition{Topic: topic, Partition: partition}, err)
}
