package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/segmentio/kafka-go/protocol/findcoordinator"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// Coordinators knows which broker answers for which group and which transactional
// id. kafka-go would ask before each request. It is safe for concurrent use.
type Coordinators struct {
	cluster *Metadata

	mu    sync.Mutex
	known map[CoordinatorKey]int32
}

// CoordinatorKey is what a coordinator is for.
type CoordinatorKey struct {
	kind int8
	key  string
}

// By Kafka's numbers.
const (
	groupCoordinator       = 0
	transactionCoordinator = 1
)

func GroupKey(name string) CoordinatorKey     { return CoordinatorKey{groupCoordinator, name} }
func TransactionKey(id string) CoordinatorKey { return CoordinatorKey{transactionCoordinator, id} }

// Find returns the coordinator's node.
func (c *Coordinators) Find(ctx context.Context, what CoordinatorKey) (int32, error) {
	c.mu.Lock()
	node, ok := c.known[what]
	c.mu.Unlock()
	if ok {
		return node, nil
	}
	answer, err := SendAny[*findcoordinator.Response](ctx, c.cluster, &findcoordinator.Request{Key: what.key, KeyType: what.kind})
	if err != nil {
		return 0, fmt.Errorf("asking for the coordinator of %s: %w", what.key, err)
	}
	if failed := kerr.Code(answer.ErrorCode); failed != 0 {
		// Describe would do for this. But who asks wants to use it.
		operation, resource := "Read", kerr.GroupResource
		if what.kind == transactionCoordinator {
			operation, resource = "Write", kerr.TransactionalResource
		}
		return 0, fmt.Errorf("asking for the coordinator of %s: %w", what.key, kerr.AccessDenied(failed, operation, resource, what.key))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[CoordinatorKey]int32)
	}
	c.known[what] = answer.NodeID
	return answer.NodeID, nil
}

// Forget is called when it turns out that somebody else coordinates now.
func (c *Coordinators) Forget(what CoordinatorKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, what)
}

// Explain adds to the news that nobody coordinates what is likely wrong. What
// coordinators know is in a topic of their own, which is made when it is first
// needed; where there are fewer brokers than it is to have copies, it never is.
func (c *Coordinators) Explain(ctx context.Context, err error, what CoordinatorKey) error {
	if !errors.Is(err, kerr.CoordinatorNotAvailable) {
		return err
	}
	topic, setting, without := "__consumer_offsets", "offsets.topic.replication.factor", kerr.ErrNoGroups
	if what.kind == transactionCoordinator {
		topic, setting, without = "__transaction_state", "transaction.state.log.replication.factor", kerr.ErrNoTransactions
	}
	if asking := c.cluster.Refresh(ctx, topic); !errors.Is(asking, kerr.UnknownTopic) {
		return err
	}
	return fmt.Errorf("%w: %w: it has no topic %s, and doesn't make it: %s must not be above the number of its brokers, %d (it is 3 where nothing is set)",
		err, without, topic, setting, len(c.cluster.Brokers()))
}
