package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/segmentio/kafka-go/protocol/findcoordinator"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// Coordinators caches which broker coordinates which group or transactional id. (kafka-go
// would look it up before each request.) It is safe for concurrent use.
type Coordinators struct {
	metadata *Metadata

	mu    sync.Mutex
	known map[CoordinatorKey]int32
}

// A CoordinatorKey names a group or a transactional id.
type CoordinatorKey struct {
	kind int8
	key  string
}

// Kinds of keys, by Kafka's numbers.
const (
	groupCoordinator       = 0
	transactionCoordinator = 1
)

// GroupKey is the key of a group.
func GroupKey(name string) CoordinatorKey { return CoordinatorKey{groupCoordinator, name} }

// TransactionKey is the key of a transactional id.
func TransactionKey(id string) CoordinatorKey { return CoordinatorKey{transactionCoordinator, id} }

// Find returns the coordinator's node.
func (c *Coordinators) Find(ctx context.Context, what CoordinatorKey) (int32, error) {
	c.mu.Lock()
	node, ok := c.known[what]
	c.mu.Unlock()
	if ok {
		return node, nil
	}
	answer, err := SendAny[*findcoordinator.Response](ctx, c.metadata, &findcoordinator.Request{Key: what.key, KeyType: what.kind})
	if err != nil {
		return 0, fmt.Errorf("find the coordinator of %s: %w", what.key, err)
	}
	if failed := kerr.Code(answer.ErrorCode); failed != 0 {
		// Describe would suffice for the look-up, but not for what follows it.
		operation, resource := "Read", kerr.GroupResource
		if what.kind == transactionCoordinator {
			operation, resource = "Write", kerr.TransactionalResource
		}
		return 0, fmt.Errorf("find the coordinator of %s: %w", what.key, kerr.AccessDenied(failed, operation, resource, what.key))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[CoordinatorKey]int32)
	}
	c.known[what] = answer.NodeID
	return answer.NodeID, nil
}

// Forget drops an entry after another broker has become the coordinator.
func (c *Coordinators) Forget(what CoordinatorKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, what)
}

// Explain adds the likely cause to the error that no coordinator is available.
// Coordinators keep their state in an internal topic, which is created on first use.
// Creation fails where the cluster has fewer brokers than the topic is to have replicas.
func (c *Coordinators) Explain(ctx context.Context, err error, what CoordinatorKey) error {
	if !errors.Is(err, kerr.CoordinatorNotAvailable) {
		return err
	}
	topic, setting, without := "__consumer_offsets", "offsets.topic.replication.factor", kerr.ErrNoGroups
	if what.kind == transactionCoordinator {
		topic, setting, without = "__transaction_state", "transaction.state.log.replication.factor", kerr.ErrNoTransactions
	}
	if refreshing := c.metadata.Refresh(ctx, topic); !errors.Is(refreshing, kerr.UnknownTopic) {
		return err
	}
	return fmt.Errorf("%w: %w: topic %s is missing and can't be created: set %s to at most the number of brokers, %d (its default is 3)",
		err, without, topic, setting, len(c.metadata.Brokers()))
}
