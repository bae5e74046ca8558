package kafkasim

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// BenchmarkTransaction measures a transaction: its five requests, its markers, and a fetch by
// a consumer. Simulations make millions of them.
func BenchmarkTransaction(b *testing.B) {
	c, now := New(3), time.Now()
	c.CreateTopic("t", 1)
	tp := stream.TopicPartition{Topic: "t"}
	leader, coordinator, group := c.Leader(tp), c.Leader(CoordinatorOf("id", true)), c.Leader(CoordinatorOf("g", false))
	who := who{"id", 0, 0}
	ask := func(node int32, req protocol.Message) { c.Handle(now, node, req).Deliver(req) }
	ask(coordinator, &initproducerid.Request{TransactionalID: "id", TransactionTimeoutMs: 1000, ProducerID: -1, ProducerEpoch: -1})
	buffer := make([]byte, 1<<20)
	fetch := &wire.Fetch{MaxBytes: 1 << 20, MinBytes: 1, Epoch: -1, Take: func(n int) []byte { return buffer[:n] }}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ask(coordinator, &addpartitionstotxn.Request{TransactionalID: "id", Topics: []addpartitionstotxn.RequestTopic{{Name: "t", Partitions: []int32{0}}}})
		produce := &wire.Produce{Transaction: "id", Partitions: []wire.ProducePartition{{TopicPartition: tp, Batch: txn(int32(i), "value").batch(who, 0)}}}
		ask(leader, produce)
		if code := produce.Answer.Partitions[0].Code; code != 0 {
			b.Fatal(code)
		}
		ask(coordinator, &addoffsetstotxn.Request{TransactionalID: "id", GroupID: "g"})
		ask(group, &txnoffsetcommit.Request{TransactionalID: "id", GroupID: "g", GenerationID: -1, Topics: []txnoffsetcommit.RequestTopic{
			{Name: "t", Partitions: []txnoffsetcommit.RequestPartition{{CommittedOffset: int64(i)}}},
		}})
		ask(coordinator, &endtxn.Request{TransactionalID: "id", Committed: true})
		for chores := c.Chores(now); len(chores) > 0; chores = c.Chores(now) {
			c.Do(now, chores[0])
		}
		fetch.Partitions = append(fetch.Partitions[:0], wire.FetchPartition{TopicPartition: tp, LeaderEpoch: -1, Offset: int64(2 * i), MaxBytes: 1 << 20})
		ask(leader, fetch)
	}
}
