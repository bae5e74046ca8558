package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/segmentio/kafka-go/protocol/findcoordinator"
)

// coordinators knows which broker answers for which group and which transactional
// id. kafka-go would ask before each request. It is safe for concurrent use.
type coordinators struct {
	cluster *cluster

	mu    sync.Mutex
	known map[coordinated]int32
}

// coordinated is what a coordinator is for.
type coordinated struct {
	kind int8
	key  string
}

// By Kafka's numbers.
const (
	coordinatesGroup       = 0
	coordinatesTransaction = 1
)

func groupOf(name string) coordinated     { return coordinated{coordinatesGroup, name} }
func transactionOf(id string) coordinated { return coordinated{coordinatesTransaction, id} }

// find returns the coordinator's node.
func (c *coordinators) find(ctx context.Context, what coordinated) (int32, error) {
	c.mu.Lock()
	node, ok := c.known[what]
	c.mu.Unlock()
	if ok {
		return node, nil
	}
	answer, err := askAny[*findcoordinator.Response](ctx, c.cluster, &findcoordinator.Request{Key: what.key, KeyType: what.kind})
	if err != nil {
		return 0, fmt.Errorf("asking for the coordinator of %s: %w", what.key, err)
	}
	if failed := code(answer.ErrorCode); failed != 0 {
		// Describe would do for this. But who asks wants to use it.
		operation, resource := "Read", groupResource
		if what.kind == coordinatesTransaction {
			operation, resource = "Write", transactionalResource
		}
		return 0, fmt.Errorf("asking for the coordinator of %s: %w", what.key, denied(failed, operation, resource, what.key))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[coordinated]int32)
	}
	c.known[what] = answer.NodeID
	return answer.NodeID, nil
}

// forget is called when it turns out that somebody else coordinates now.
func (c *coordinators) forget(what coordinated) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, what)
}

// explain adds to the news that nobody coordinates what is likely wrong. What
// coordinators know is in a topic of their own, which is made when it is first
// needed; where there are fewer brokers than it is to have copies, it never is.
func (c *coordinators) explain(ctx context.Context, err error, what coordinated) error {
	if !errors.Is(err, coordinatorAway) {
		return err
	}
	topic, setting, without := "__consumer_offsets", "offsets.topic.replication.factor", errNoGroups
	if what.kind == coordinatesTransaction {
		topic, setting, without = "__transaction_state", "transaction.state.log.replication.factor", ErrNoTransactions
	}
	if asking := c.cluster.refresh(ctx, topic); !errors.Is(asking, unknownTopic) {
		return err
	}
	return fmt.Errorf("%w: %w: it has no topic %s, and doesn't make it: %s must not be above the number of its brokers, %d (it is 3 where nothing is set)",
		err, without, topic, setting, len(c.cluster.known()))
}
