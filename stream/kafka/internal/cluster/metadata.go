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

// Metadata is what a client knows of a cluster: its brokers, and the leaders of
// partitions. It is as old as the last Refresh, which is called when a leader turns out to
// have moved. It is safe for concurrent use.
type Metadata struct {
	link link.Link

	mu         sync.Mutex
	id         string
	brokers    []Broker
	controller int32
	preferred  *int32              // the broker that last answered a request to any; nil: none
	topics     map[string][]Leader // by partition
}

// A Broker has the address that it advertises.
type Broker struct {
	Node    int32
	Address string
}

// A Leader is the leader of a partition.
type Leader struct {
	Node  int32 // NoLeader if there is none
	Epoch int32 // -1: too old a broker
}

// Leader returns a partition's leader; its node is NoLeader if none is known.
func (c *Metadata) Leader(tp stream.TopicPartition) Leader {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := c.topics[tp.Topic]; tp.Partition >= 0 && int(tp.Partition) < len(all) {
		return all[tp.Partition]
	}
	return Leader{Node: NoLeader, Epoch: -1}
}

// Partitions returns a topic's number of partitions, 0 if it is unknown.
func (c *Metadata) Partitions(topic string) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int32(len(c.topics[topic]))
}

// Refresh requests the leaders of topics, once. The error is that of the first topic
// without metadata: kerr.UnknownTopic, or a denied access.
func (c *Metadata) Refresh(ctx context.Context, topics ...string) error {
	answer, err := c.request(ctx, topics)
	if err != nil && len(topics) == 0 {
		return err
	}
	if err != nil {
		return fmt.Errorf("get the leaders of partitions: %w", err)
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

// request requests topics; nil stands for none.
func (c *Metadata) request(ctx context.Context, topics []string) (*metadata.Response, error) {
	req := &metadata.Request{TopicNames: topics}
	if topics == nil {
		req.TopicNames = []string{} // none; nil would mean all
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
		if p.PartitionIndex < 0 || int(p.PartitionIndex) >= len(leaders) {
			return
		}
		l := Leader{Node: p.LeaderID, Epoch: p.LeaderEpoch}
		// A broker that is behind must not bring an old leader back.
		if old := c.topics[t.Name]; int(p.PartitionIndex) < len(old) && old[p.PartitionIndex].Epoch > l.Epoch {
			l = old[p.PartitionIndex]
		}
		leaders[p.PartitionIndex] = l
	}
	c.topics[t.Name] = leaders
}

// Forget drops topics, which may have been deleted and created again.
func (c *Metadata) Forget(topics ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.topics, func(name string, _ []Leader) bool { return slices.Contains(topics, name) })
}

// Brokers returns the brokers in the order of their ids. The slice is shared, and never
// changed.
func (c *Metadata) Brokers() []Broker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.brokers // update makes a new slice
}

// Controller returns the broker that creates topics.
func (c *Metadata) Controller() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.controller
}

// ClusterID returns the cluster's id, once Refresh has succeeded.
func (c *Metadata) ClusterID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}
