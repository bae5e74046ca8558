//go:build real

package kafkasim

import (
	"fmt"
	"maps"
	"os"
	"testing"

	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// TestWindowsAreKafkas plays them against real brokers, of which one stands still.
// Where that makes a coordinator move, as it may on a busy machine, its markers
// come again, and it is another story: then the script is played once more.
func TestWindowsAreKafkas(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	b := &stopped{realBrokers: newReal(t, c)}
	for range 3 {
		s := newScript(t, b, b.prefix())
		before := b.coordinators()
		windows(s, b)
		if !maps.Equal(b.coordinators(), before) {
			t.Log("coordinators have moved")
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
	t.Fatal("coordinators move again and again")
}

// coordinators are the leaderships of Kafka's own topics, but for those of the
// broker that is stopped.
func (b *stopped) coordinators() map[stream.TopicPartition]int32 {
	epochs := make(map[stream.TopicPartition]int32)
	a := b.ask(1, &metadata.Request{TopicNames: []string{TransactionState, ConsumerOffsets}}).(*metadata.Response)
	for _, t := range a.Topics {
		for _, p := range t.Partitions {
			if p.ReplicaNodes[0] != stoppedNode {
				epochs[stream.TopicPartition{Topic: t.Name, Partition: p.PartitionIndex}] = p.LeaderEpoch
			}
		}
	}
	return epochs
}

// stopped are real brokers of which one stands still when it is held up.
type stopped struct {
	*realBrokers
	held string
}

const stoppedNode = 3

// prefix returns one with which the script's coordinators are elsewhere.
func (b *stopped) prefix() string {
	name := kafkatest.Name(b)
	for i := 0; ; i++ {
		prefix := fmt.Sprintf("%s-%d-", name, i)
		if b.coordinator(prefix+"a", true) != stoppedNode && b.coordinator(prefix+"g", false) != stoppedNode {
			return prefix
		}
	}
}

func (b *stopped) place(topic string, held bool) {
	node := int32(1)
	if held {
		node, b.held = stoppedNode, topic
	}
	a := b.ask(1, &createtopics.Request{TimeoutMs: 10000, Topics: []createtopics.RequestTopic{{
		Name: topic, NumPartitions: -1, ReplicationFactor: -1,
		Assignments: []createtopics.RequestAssignment{{PartitionIndex: 0, BrokerIDs: []int32{node}}},
	}}}).(*createtopics.Response)
	if a.Topics[0].ErrorCode != 0 {
		b.Fatal(code(a.Topics[0].ErrorCode), a.Topics[0].ErrorMessage)
	}
}

// hold returns when the others have found out, and don't wait for it any more.
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

// leads is who leads the partition that is held up, in the eyes of the others.
func (b *stopped) leads() int32 {
	a := b.ask(1, &metadata.Request{TopicNames: []string{b.held}}).(*metadata.Response)
	return a.Topics[0].Partitions[0].LeaderID
}
