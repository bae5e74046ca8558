//go:build real

package kafkasim

import (
	"maps"
	"os"
	"testing"

	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// The answers of real brokers, one of which is suspended, must be those of the golden file.
// On a busy machine a running broker may be declared dead, and a new coordinator repeats
// markers. Then the script is played again.
func TestWindows_MatchKafka(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3, Properties: map[string]string{
		// Long enough that running brokers aren't declared dead on a busy machine.
		"broker.session.timeout.ms": "6000",
	}})
	b := &stopped{realBrokers: newReal(t, c)}
	b.coordinate(TransactionState)
	b.coordinate(ConsumerOffsets)
	for range 3 {
		s := newScript(t, b, kafkatest.Name(t)+"-")
		before := b.epochs(TransactionState, ConsumerOffsets)
		windows(s, b)
		if after := b.epochs(TransactionState, ConsumerOffsets); !maps.Equal(after, before) {
			t.Logf("coordinators changed: %v, %v before", after, before)
			continue
		}
		if *update {
			if err := os.WriteFile(golden(windowsFile), []byte(s.out.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		compareWith(t, windowsFile, s.out.String())
		return
	}
	t.Fatal("coordinators changed in each attempt")
}

// epochs returns the leader epochs of topics.
func (b *stopped) epochs(topics ...string) map[stream.TopicPartition]int32 {
	epochs := make(map[stream.TopicPartition]int32)
	for _, t := range b.ask(1, &metadata.Request{TopicNames: topics}).(*metadata.Response).Topics {
		for _, p := range t.Partitions {
			if p.LeaderID > 0 {
				epochs[stream.TopicPartition{Topic: t.Name, Partition: p.PartitionIndex}] = p.LeaderEpoch
			}
		}
	}
	return epochs
}

// stopped has real brokers, and suspends one to hold its markers up.
type stopped struct {
	*realBrokers
	held string
}

const stoppedNode = 3

// coordinate creates one of Kafka's internal topics before Kafka does: on running brokers and
// without replicas, so that coordinators neither move nor wait.
func (b *stopped) coordinate(topic string) {
	b.create(createtopics.RequestTopic{
		Name: topic, NumPartitions: -1, ReplicationFactor: -1,
		Configs: []createtopics.RequestConfig{{Name: "cleanup.policy", Value: "compact"}, {Name: "min.insync.replicas", Value: "1"}},
		Assignments: []createtopics.RequestAssignment{
			{PartitionIndex: 0, BrokerIDs: []int32{1}}, {PartitionIndex: 1, BrokerIDs: []int32{2}},
			{PartitionIndex: 2, BrokerIDs: []int32{1}}, {PartitionIndex: 3, BrokerIDs: []int32{2}},
		},
	})
	b.until("wait for "+topic, func() bool { return len(b.epochs(topic)) == 4 })
}

func (b *stopped) place(topic string, held bool) {
	node := int32(1)
	if held {
		node, b.held = stoppedNode, topic
	}
	b.create(createtopics.RequestTopic{
		Name: topic, NumPartitions: -1, ReplicationFactor: -1,
		Assignments: []createtopics.RequestAssignment{{PartitionIndex: 0, BrokerIDs: []int32{node}}},
	})
}

func (b *stopped) create(topic createtopics.RequestTopic) {
	a := b.ask(1, &createtopics.Request{TimeoutMs: 10000, Topics: []createtopics.RequestTopic{topic}}).(*createtopics.Response)
	if a.Topics[0].ErrorCode != 0 {
		b.Fatal(topic.Name, code(a.Topics[0].ErrorCode), a.Topics[0].ErrorMessage)
	}
}

// hold returns when the other brokers have noticed, and don't wait for the suspended one.
func (b *stopped) hold() {
	b.c.Pause(b, stoppedNode)
	b.away = 1
	b.until("wait for a broker to be missed", func() bool { return b.leads() < 0 })
}

func (b *stopped) release() {
	b.c.Resume(b, stoppedNode)
	b.away = 0
	b.until("wait for a broker to come back", func() bool { return b.leads() == stoppedNode })
}

// leads returns the leader of the held-up partition as the other brokers know it.
func (b *stopped) leads() int32 {
	a := b.ask(1, &metadata.Request{TopicNames: []string{b.held}}).(*metadata.Response)
	return a.Topics[0].Partitions[0].LeaderID
}
