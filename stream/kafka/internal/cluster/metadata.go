package cluster

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
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Metadata knows who its brokers are and which of them leads which partition, as
// of the last time that it asked. It asks when it is told to: who finds out that
// a leader has moved calls refresh. It is safe for concurrent use.
type Metadata struct {
	link link.Link

	mu         sync.Mutex
	id         string
	brokers    []Broker
	controller int32
	preferred  *int32              // the broker that was last to answer for any; nil: any
	topics     map[string][]Leader // by partition
}

// A Broker is where it says that it is.
type Broker struct {
	Node    int32
	Address string
}

// A Leader is the broker that has the say over a partition.
type Leader struct {
	Node  int32 // noLeader while there is none
	Epoch int32 // -1: the broker is too old to tell
}

// Leader is what is known of a partition's, noLeader if nothing is.
func (c *Metadata) Leader(tp stream.TopicPartition) Leader {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := c.topics[tp.Topic]; tp.Partition >= 0 && int(tp.Partition) < len(all) {
		return all[tp.Partition]
	}
	return Leader{Node: NoLeader, Epoch: -1}
}

// Partitions is a topic's number of partitions, 0 if it isn't known.
func (c *Metadata) Partitions(topic string) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int32(len(c.topics[topic]))
}

// Refresh asks for the leaders of topics, once. The error is of the first topic
// that can't be had: unknownTopic, or that we aren't allowed to see it.
func (c *Metadata) Refresh(ctx context.Context, topics ...string) error {
	answer, err := c.request(ctx, topics)
	if err != nil && len(topics) == 0 {
		return err
	}
	if err != nil {
		return fmt.Errorf("asking for the leaders of partitions: %w", err)
	}
	c.update(answer)
	for i := range answer.Topics {
		t := &answer.Topics[i]
		if failed := kerr.Code(t.ErrorCode); failed != 0 && failed != kerr.LeaderNotAvailable {
			return fmt.Errorf("topic %s: %w", t.Name, kerr.AccessDenied(failed, "Describe", kerr.TopicResource, t.Name))
		}
	}
	return nil
}

// request asks for topics; nil asks for none.
func (c *Metadata) request(ctx context.Context, topics []string) (*metadata.Response, error) {
	req := &metadata.Request{TopicNames: topics}
	if topics == nil {
		req.TopicNames = []string{} // none; nil would be all
	}
	return SendAny[*metadata.Response](ctx, c, req)
}

func (c *Metadata) update(answer *metadata.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = answer.ClusterID
	c.controller = answer.ControllerID
	c.brokers = make([]Broker, len(answer.Brokers))
	for i, b := range answer.Brokers {
		c.brokers[i] = Broker{b.NodeID, net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))}
	}
	slices.SortFunc(c.brokers, func(a, b Broker) int { return cmp.Compare(a.Node, b.Node) })
	if c.topics == nil {
		c.topics = make(map[string][]Leader)
	}
	for i := range answer.Topics {
		c.updateTopic(&answer.Topics[i])
	}
}

func (c *Metadata) updateTopic(t *metadata.ResponseTopic) {
	if t.ErrorCode != 0 {
		if kerr.Code(t.ErrorCode) == kerr.UnknownTopic {
			delete(c.topics, t.Name)
		}
		return
	}
	leaders := make([]Leader, len(t.Partitions))
	for i := range t.Partitions {
		p := &t.Partitions[i]
		if int(p.PartitionIndex) >= len(leaders) {
			return
		}
		l := Leader{Node: p.LeaderID, Epoch: p.LeaderEpoch}
		// An answer of a broker that hasn't heard yet must not lead back.
		if old := c.topics[t.Name]; int(p.PartitionIndex) < len(old) && old[p.PartitionIndex].Epoch > l.Epoch {
			l = old[p.PartitionIndex]
		}
		leaders[p.PartitionIndex] = l
	}
	c.topics[t.Name] = leaders
}

// Forget drops what is known of topics, when they may be others of the same name.
func (c *Metadata) Forget(topics ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.topics, func(name string, _ []Leader) bool { return slices.Contains(topics, name) })
}

// Brokers are the brokers.
func (c *Metadata) Brokers() []Broker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.brokers // learn makes a new one
}

// Controller is the broker that makes topics.
func (c *Metadata) Controller() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.controller
}

// ClusterID is the cluster's own name for itself, known once refresh has
// succeeded.
func (c *Metadata) ClusterID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}
