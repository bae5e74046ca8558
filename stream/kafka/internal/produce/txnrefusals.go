package produce

import (
	"fmt"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// refusal explains the error code of a coordinator; nil for success.
func (c *txnDriver) refusal(failed int16) error {
	switch failed := kerr.Code(failed); failed {
	case 0:
		return nil
	case kerr.BadTransactionTime:
		return fmt.Errorf("%w: %w: set the brokers' transaction.max.timeout.ms to %d at least", failed, kerr.ErrNoTransactions, transactionTimeout.Milliseconds())
	case kerr.ClusterDenied:
		return kerr.AccessDenied(failed, "IdempotentWrite", kerr.ClusterResource, "kafka-cluster")
	case kerr.StaleProducerEpoch, kerr.ProducerFenced:
		return c.sender.fenced(failed)
	default:
		return kerr.AccessDenied(failed, "Write", kerr.TransactionalResource, c.id)
	}
}

// refusalFor is refusal where the code may concern a group.
func (c *txnDriver) refusalFor(failed int16, group string) error {
	if kerr.Code(failed) == kerr.GroupDenied {
		return kerr.AccessDenied(kerr.GroupDenied, "Read", kerr.GroupResource, group)
	}
	return c.refusal(failed)
}

// refusalOffset is refusal where the code may concern a member of the group.
func (c *txnDriver) refusalOffset(failed kerr.Code, offsets stream.GroupOffsets) error {
	if err := cluster.MemberError(failed, offsets); err != nil {
		return err
	}
	return c.refusalFor(int16(failed), offsets.Group)
}

// refusalAt is refusal where the code may concern a topic.
func (c *txnDriver) refusalAt(failed int16, operation, topic string, partition int32) error {
	err := c.refusal(failed)
	if kerr.Code(failed) == kerr.TopicDenied {
		err = kerr.AccessDenied(kerr.TopicDenied, operation, kerr.TopicResource, topic)
	}
	return fmt.Errorf("%s: %w", stream.TopicPartition{Topic: topic, Partition: partition}, err)
}
