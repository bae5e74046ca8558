package kafkasim

import (
	"strings"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// ClusterID is what the cluster calls itself.
const ClusterID = "kafkasim"

const host = "kafkasim"

func port(node int32) int32 { return 9091 + node }

func (c *Cluster) metadata(r *metadata.Request) *metadata.Response {
	answer := &metadata.Response{ClusterID: ClusterID, ControllerID: c.firstAlive(0)}
	for i := range c.nodes {
		if node := int32(i) + 1; !c.nodes[i].fenced {
			answer.Brokers = append(answer.Brokers, metadata.ResponseBroker{NodeID: node, Host: host, Port: port(node)})
		}
	}
	if r.TopicNames == nil {
		for _, t := range c.topics {
			answer.Topics = append(answer.Topics, t.metadata())
		}
	}
	for _, name := range r.TopicNames {
		t := metadata.ResponseTopic{Name: name, ErrorCode: errcode.UnknownTopic}
		if known := c.byName[name]; known != nil {
			t = known.metadata()
		} else if !validName(name) {
			t.ErrorCode = errcode.InvalidTopic
		}
		answer.Topics = append(answer.Topics, t)
	}
	return answer
}

func (t *topic) metadata() metadata.ResponseTopic {
	answer := metadata.ResponseTopic{Name: t.name, Partitions: make([]metadata.ResponsePartition, len(t.partitions))}
	for i, p := range t.partitions {
		out := metadata.ResponsePartition{PartitionIndex: p.Partition, LeaderID: p.leader, LeaderEpoch: p.epoch, ReplicaNodes: p.replicas}
		if out.IsrNodes = p.replicas; p.leader == noLeader {
			out.ErrorCode = errcode.LeaderNotAvailable
		}
		answer.Partitions[i] = out
	}
	return answer
}

// topicIDs answers requests for topic ids alone.
func (c *Cluster) topicIDs(r *wire.Metadata) *wire.Metadata {
	answer := &wire.Metadata{}
	for _, name := range r.Topics {
		t := wire.TopicID{Topic: name, Code: errcode.UnknownTopic}
		if known := c.byName[name]; known != nil {
			t.ID, t.Code = known.id, 0
		} else if !validName(name) {
			t.Code = errcode.InvalidTopic
		}
		answer.Answer = append(answer.Answer, t)
	}
	return answer
}

// letters are the allowed characters of topic names.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// validName reports whether a topic can have a name.
func validName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 249 && strings.Trim(name, letters) == ""
}

// versions returns Kafka 4.1's versions of the supported requests.
func versions() *apiversions.Response {
	return &apiversions.Response{ApiKeys: []apiversions.ApiKeyResponse{
		{ApiKey: int16(protocol.Produce), MaxVersion: 13},
		{ApiKey: int16(protocol.Fetch), MinVersion: 4, MaxVersion: 18},
		{ApiKey: int16(protocol.ListOffsets), MinVersion: 1, MaxVersion: 11},
		{ApiKey: int16(protocol.Metadata), MaxVersion: 13},
		{ApiKey: int16(protocol.OffsetCommit), MinVersion: 2, MaxVersion: 10},
		{ApiKey: int16(protocol.OffsetFetch), MinVersion: 1, MaxVersion: 10},
		{ApiKey: int16(protocol.FindCoordinator), MaxVersion: 6},
		{ApiKey: int16(protocol.JoinGroup), MinVersion: 2, MaxVersion: 9},
		{ApiKey: int16(protocol.SyncGroup), MaxVersion: 5},
		{ApiKey: int16(protocol.Heartbeat), MaxVersion: 4},
		{ApiKey: int16(protocol.LeaveGroup), MaxVersion: 5},
		{ApiKey: int16(protocol.DescribeGroups), MaxVersion: 6},
		{ApiKey: int16(protocol.ApiVersions), MaxVersion: 4},
		{ApiKey: int16(protocol.CreateTopics), MinVersion: 2, MaxVersion: 7},
		{ApiKey: int16(protocol.CreatePartitions), MaxVersion: 3},
		{ApiKey: int16(protocol.DeleteTopics), MinVersion: 1, MaxVersion: 6},
		{ApiKey: int16(protocol.DeleteRecords), MaxVersion: 2},
		{ApiKey: int16(protocol.InitProducerId), MaxVersion: 6},
		{ApiKey: int16(protocol.AddPartitionsToTxn), MaxVersion: 5},
		{ApiKey: int16(protocol.AddOffsetsToTxn), MaxVersion: 4},
		{ApiKey: int16(protocol.EndTxn), MaxVersion: 5},
		{ApiKey: int16(protocol.TxnOffsetCommit), MaxVersion: 5},
		{ApiKey: int16(protocol.DescribeConfigs), MinVersion: 1, MaxVersion: 4},
	}}
}
