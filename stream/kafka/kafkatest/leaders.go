package kafkatest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/gretestream/grete/stream/harnesstest"
)

// Leaders returns the leaders of a topic's partitions, -1 where there is none.
func (c *Cluster) Leaders(t testing.TB, topic string) []int32 {
	t.Helper()
	ctx, cancel := adminContext(t)
	defer cancel()
	partitions, err := describe(ctx, c.client, topic)
	if err != nil {
		t.Fatal(err)
	}
	return leaders(partitions)
}

// MoveLeaders makes a broker the leader of all partitions of a topic while all brokers
// run. It returns when all brokers know. A partition without a replica there gets one, in
// place of another.
func (c *Cluster) MoveLeaders(t testing.TB, topic string, to int32) {
	t.Helper()
	ctx, cancel := adminContext(t)
	defer cancel()
	partitions, err := describe(ctx, c.client, topic)
	if err != nil {
		t.Fatal(err)
	}
	var assign kadm.AlterPartitionAssignmentsReq
	var moved kadm.TopicsSet
	for _, p := range partitions {
		assign.Assign(topic, p.Partition, preferring(to, p.Replicas))
		moved.Add(topic, p.Partition)
	}
	resps, err := c.Admin().AlterPartitionAssignments(ctx, assign)
	if err == nil {
		err = resps.Error()
	}
	if err != nil {
		t.Fatalf("put broker %d first among the copies of %s: %v", to, topic, err)
	}
	// A copy that was just assigned isn't elected until it has all records.
	err = harnesstest.Poll(ctx, adminTimeout, func(ctx context.Context) error {
		if _, err := c.Admin().ElectLeaders(ctx, kadm.ElectPreferredReplica, moved); err != nil {
			return err
		}
		return c.checkLeaders(ctx, topic, func(leaders []int32) bool {
			return !slices.ContainsFunc(leaders, func(id int32) bool { return id != to })
		})
	})
	if err != nil {
		t.Fatalf("make broker %d the leader of topic %s: %v", to, topic, err)
	}
}

// preferring returns the replicas of a partition with a broker in front.
func preferring(id int32, replicas []int32) []int32 {
	others := slices.DeleteFunc(slices.Clone(replicas), func(r int32) bool { return r == id })
	return append([]int32{id}, others...)[:max(1, len(replicas))]
}

// checkLeaders reports whether a topic's leaders are as expected according to every broker
// that answers.
func (c *Cluster) checkLeaders(ctx context.Context, topic string, good func([]int32) bool) error {
	for _, b := range c.answering() {
		partitions, err := describe(ctx, b, topic)
		if err != nil {
			return err
		}
		if list := leaders(partitions); !good(list) {
			return fmt.Errorf("the leaders are %v", list)
		}
	}
	return nil
}

// describe asks a broker, or any, about a topic.
func describe(ctx context.Context, of kmsg.Requestor, topic string) ([]kmsg.MetadataResponseTopicPartition, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{{Topic: &topic}}
	resp, err := req.RequestWith(ctx, of)
	if err == nil && len(resp.Topics) != 1 {
		err = kerr.UnknownTopicOrPartition
	}
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		return nil, fmt.Errorf("describe topic %s: %w", topic, err)
	}
	return resp.Topics[0].Partitions, nil
}

func leaders(partitions []kmsg.MetadataResponseTopicPartition) []int32 {
	list := make([]int32, len(partitions))
	for _, p := range partitions {
		list[p.Partition] = p.Leader
	}
	return list
}

// seed addresses a broker directly, whatever the others advertise for it.
func (c *Cluster) seed(b *broker) *kgo.Broker {
	return c.client.SeedBrokers()[b.id-1]
}

// answering returns the brokers that can answer, including those of a cluster that isn't
// ours.
func (c *Cluster) answering() []*kgo.Broker {
	if len(c.brokers) == 0 {
		return c.client.SeedBrokers()
	}
	var list []*kgo.Broker
	for _, b := range c.brokers {
		if b.answers() {
			list = append(list, c.seed(b))
		}
	}
	return list
}
