//go:build real

package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// BenchmarkConsume reads the same topic by our consumer and by others, in turn.
//
//	go test -tags real -run '^$' -bench Consume ./stream/kafka
func BenchmarkConsume(b *testing.B) {
	const partitions, records, rounds = 8, 2_000_000, 5
	cluster := shared.Cluster(b)
	topic := kafkatest.Name(b)
	cluster.CreateTopic(b, topic, partitions, nil)
	fillTopic(b, cluster, topic, partitions, records)
	java := cluster.JavaBenchConsume(b, topic, records, nil)
	measured := func(read func()) func() kafkatest.Cost {
		return func() kafkatest.Cost { return kafkatest.Measure(records, read) }
	}
	kafkatest.Compete(b, 0, rounds,
		kafkatest.Contender{Name: "grete", Round: measured(func() { readOurs(b, cluster, topic, partitions, records) })},
		kafkatest.Contender{Name: "franz", Round: measured(func() { readFranz(b, cluster, topic, records) })},
		kafkatest.Contender{Name: "franz-pooled", Round: measured(func() {
			readFranz(b, cluster, topic, records, kgo.WithPools(new(recordPool)))
		})},
		kafkatest.Contender{Name: "java", Round: func() kafkatest.Cost { return java.Round(b) }},
	)
}

// fillTopic writes records of 100 bytes, 1000 to a batch.
func fillTopic(b *testing.B, c *kafkatest.Cluster, topic string, partitions, records int) {
	b.Helper()
	const inBatch = 1000
	s := openSystem(b, Options{Brokers: c.Bootstrap()})
	linktest.Must(b, s.client.Metadata.Refresh(b.Context(), topic))
	var builder batch.Builder
	builder.Start(make([]byte, wire.BatchRoom))
	for i := range inBatch {
		builder.Append(&stream.Record{Value: fmt.Appendf(nil, "%0100d", i), Time: time.Now().UnixMilli()})
	}
	data, err := builder.Finish(0)
	linktest.Must(b, err)
	for n := 0; n < records; {
		req := &wire.Produce{Timeout: 30_000}
		for p := range int32(partitions) {
			mine := slices.Clone(data)
			wire.Address(mine, p)
			req.Partitions = append(req.Partitions, wire.ProducePartition{TopicPartition: linktest.At(topic, p), Batch: mine})
			n += inBatch
		}
		linktest.Must(b, s.client.Retry(b.Context(), func() error { return send(b.Context(), s, req) }))
	}
}

// send sends a request to the leader of its partitions.
func send(ctx context.Context, s *System, req *wire.Produce) error {
	_, err := s.client.Link.Exchange(ctx, s.client.Metadata.Leader(req.Partitions[0].TopicPartition).Node, req, link.RequestTimeout)
	for _, p := range req.Answer.Partitions {
		if p.Code != 0 {
			return kerr.Code(p.Code)
		}
	}
	return err
}

func readOurs(b *testing.B, cluster *kafkatest.Cluster, topic string, partitions int32, records int) {
	s, err := Open(b.Context(), Options{Brokers: cluster.Bootstrap()})
	linktest.Must(b, err)
	c, err := s.OpenConsumer(b.Context(), stream.ConsumerConfig{})
	linktest.Must(b, err)
	for p := range partitions {
		linktest.Must(b, c.Assign(linktest.At(topic, p), 0))
	}
	for n, bytes := 0, 0; n < records; {
		chunks, err := c.Poll()
		linktest.Must(b, err)
		if len(chunks) == 0 {
			<-c.Ready()
		}
		for _, chunk := range chunks {
			for i := range chunk.Records {
				bytes += len(chunk.Records[i].Value)
			}
			n += len(chunk.Records)
			c.Release(chunk.TopicPartition)
		}
	}
	linktest.Must(b, c.Close())
	linktest.Must(b, s.Close())
}

func readFranz(b *testing.B, cluster *kafkatest.Cluster, topic string, records int, opts ...kgo.Opt) {
	opts = append(opts, kgo.SeedBrokers(cluster.Bootstrap()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	client, err := kgo.NewClient(opts...)
	linktest.Must(b, err)
	defer client.Close()
	for n, bytes := 0, 0; n < records; {
		fetches := client.PollFetches(b.Context())
		linktest.Must(b, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			bytes += len(r.Value)
			n++
			r.Recycle()
		})
	}
}

// recordPool is how franz-go reuses memory.
type recordPool struct{ records sync.Pool }

func (p *recordPool) GetRecords(n int) []kgo.Record {
	if list, ok := p.records.Get().(*[]kgo.Record); ok && cap(*list) >= n {
		return (*list)[:n]
	}
	return make([]kgo.Record, n)
}

func (p *recordPool) PutRecords(list []kgo.Record) { p.records.Put(&list) }
