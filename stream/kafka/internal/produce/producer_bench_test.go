//go:build real

package produce

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// BenchmarkProduce writes records of 100 bytes to 8 partitions by our producer and
// by others, in turn. All of them are idempotent, wait for all replicas, compress
// nothing unless their names say so, and have written as much before, once.
//
// franz-go compresses by default, and these values nearly vanish then, so that the
// kernel has nothing to copy: that is compared with ours doing the same.
//
//	go test -tags real -run '^$' -bench Produce ./stream/kafka
func BenchmarkProduce(b *testing.B) {
	const partitions, records, size, rounds = 8, 1_000_000, 100, 5
	cluster := shared.Cluster(b)
	topic := kafkatest.Name(b)
	cluster.CreateTopic(b, topic, partitions, nil)
	java := cluster.JavaBenchProduce(b, topic, records, size, nil)
	plain := kgo.ProducerBatchCompression(kgo.NoCompression())
	tuned := []kgo.Opt{plain, kgo.ProducerLinger(20 * time.Millisecond), kgo.ProducerBatchMaxBytes(1 << 20), kgo.MaxBufferedRecords(200_000)}
	measured := func(write func()) func() kafkatest.Cost {
		return func() kafkatest.Cost { return kafkatest.Measure(records, write) }
	}
	value := make([]byte, size)
	kafkatest.Compete(b, 1, rounds,
		kafkatest.Contender{Name: "grete", Round: measured(writeOurs(b, cluster, batch.None, stream.ProducerConfig{AtLeastOnce: true}, topic, records, value))},
		kafkatest.Contender{Name: "grete-transactional", Round: measured(writeOurs(b, cluster, batch.None, stream.ProducerConfig{}, topic, records, value))},
		kafkatest.Contender{Name: "grete-snappy", Round: measured(writeOurs(b, cluster, batch.Snappy, stream.ProducerConfig{AtLeastOnce: true}, topic, records, value))},
		kafkatest.Contender{Name: "franz", Round: measured(writeFranz(b, cluster, topic, records, value, plain))},
		kafkatest.Contender{Name: "franz-tuned", Round: measured(writeFranz(b, cluster, topic, records, value, tuned...))},
		kafkatest.Contender{Name: "franz-snappy", Round: measured(writeFranz(b, cluster, topic, records, value))},
		kafkatest.Contender{Name: "java", Round: func() kafkatest.Cost { return java.Round(b) }},
	)
}

// writeOurs commits at intervals, as a container does.
func writeOurs(b *testing.B, cluster *kafkatest.Cluster, codec batch.Codec, cfg stream.ProducerConfig, topic string, records int, value []byte) func() {
	const everySoOften = 250_000
	s := openClient(b, cluster.Bootstrap(), codec)
	p, err := s.OpenProducer(b.Context(), cfg)
	linktest.Must(b, err)
	b.Cleanup(func() { linktest.Must(b, p.Close()) })
	w, err := p.Writer(topic)
	linktest.Must(b, err)
	r := stream.Record{Value: value, Time: time.Now().UnixMilli()}
	return func() {
		for left := records; left > 0; left -= everySoOften {
			for n := range min(left, everySoOften) {
				if err := w.Send(int32(n%8), &r); err != nil { // must is slow
					b.Fatal(err)
				}
			}
			_, err := p.Commit(b.Context(), stream.GroupOffsets{})
			linktest.Must(b, err)
		}
	}
}

func writeFranz(b *testing.B, cluster *kafkatest.Cluster, topic string, records int, value []byte, opts ...kgo.Opt) func() {
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(cluster.Bootstrap()...), kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	linktest.Must(b, err)
	b.Cleanup(client.Close)
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			b.Error(err)
		}
	}
	return func() {
		now := time.Now()
		for n := range records {
			client.Produce(b.Context(), &kgo.Record{Value: value, Partition: int32(n % 8), Timestamp: now}, promise)
		}
		linktest.Must(b, client.Flush(b.Context()))
	}
}
