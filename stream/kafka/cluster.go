package kafka

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"

	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
)

// A cluster knows who its brokers are and which of them leads which partition, as
// of the last time that it asked. It asks when it is told to: who finds out that
// a leader has moved calls refresh. It is safe for concurrent use.
type cluster struct {
	link Link

	mu         sync.Mutex
	id         string
	brokers    []broker
	controller int32
	answers    *int32              // the broker that was last to answer for any; nil: any
	topics     map[string][]leader // by partition
}

// A broker is where it says that it is.
type broker struct {
	node    int32
	address string
}

// A leader is the broker that has the say over a partition.
type leader struct {
	node  int32 // noLeader while there is none
	epoch int32 // -1: the broker is too old to tell
}

// leader is what is known of a partition's, noLeader if nothing is.
func (c *cluster) leader(tp stream.TopicPartition) leader {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := c.topics[tp.Topic]; tp.Partition >= 0 && int(tp.Partition) < len(all) {
		return all[tp.Partition]
	}
	return leader{node: noLeader, epoch: -1}
}

// partitions is a topic's number of partitions, 0 if it isn't known.
func (c *cluster) partitions(topic string) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int32(len(c.topics[topic]))
}

// refresh asks for the leaders of topics, once. The error is of the first topic
// that can't be had: unknownTopic, or that we aren't allowed to see it.
func (c *cluster) refresh(ctx context.Context, topics ...string) error {
	answer, err := c.ask(ctx, topics)
	if err != nil && len(topics) == 0 {
		return err
	}
	if err != nil {
		return fmt.Errorf("asking for the leaders of partitions: %w", err)
	}
	c.learn(answer)
	for i := range answer.Topics {
		t := &answer.Topics[i]
		if failed := code(t.ErrorCode); failed != 0 && failed != leaderNotAvailable {
			return fmt.Errorf("topic %s: %w", t.Name, denied(failed, "Describe", topicResource, t.Name))
		}
	}
	return nil
}

// ask asks for topics; nil asks for none.
func (c *cluster) ask(ctx context.Context, topics []string) (*metadata.Response, error) {
	req := &metadata.Request{TopicNames: topics}
	if topics == nil {
		req.TopicNames = []string{} // none; nil would be all
	}
	return askAny[*metadata.Response](ctx, c, req)
}

func (c *cluster) learn(answer *metadata.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = answer.ClusterID
	c.controller = answer.ControllerID
	c.brokers = make([]broker, len(answer.Brokers))
	for i, b := range answer.Brokers {
		c.brokers[i] = broker{b.NodeID, net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))}
	}
	slices.SortFunc(c.brokers, func(a, b broker) int { return cmp.Compare(a.node, b.node) })
	if c.topics == nil {
		c.topics = make(map[string][]leader)
	}
	for i := range answer.Topics {
		c.learnTopic(&answer.Topics[i])
	}
}

func (c *cluster) learnTopic(t *metadata.ResponseTopic) {
	if t.ErrorCode != 0 {
		if code(t.ErrorCode) == unknownTopic {
			delete(c.topics, t.Name)
		}
		return
	}
	leaders := make([]leader, len(t.Partitions))
	for i := range t.Partitions {
		p := &t.Partitions[i]
		if int(p.PartitionIndex) >= len(leaders) {
			return
		}
		l := leader{node: p.LeaderID, epoch: p.LeaderEpoch}
		// An answer of a broker that hasn't heard yet must not lead back.
		if old := c.topics[t.Name]; int(p.PartitionIndex) < len(old) && old[p.PartitionIndex].epoch > l.epoch {
			l = old[p.PartitionIndex]
		}
		leaders[p.PartitionIndex] = l
	}
	c.topics[t.Name] = leaders
}

// forget drops what is known of topics, when they may be others of the same name.
func (c *cluster) forget(topics ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.topics, func(name string, _ []leader) bool { return slices.Contains(topics, name) })
}

// known are the brokers.
func (c *cluster) known() []broker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.brokers // learn makes a new one
}

// controllerNode is the broker that makes topics.
func (c *cluster) controllerNode() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.controller
}

// clusterID is the cluster's own name for itself, known once refresh has
// succeeded.
func (c *cluster) clusterID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}
