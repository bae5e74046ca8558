//go:build real

package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// forFranz converts records for franz-go.
func forFranz(topic string, partition int32, all []stream.Record) []*kgo.Record {
	var list []*kgo.Record
	for _, r := range all {
		f := &kgo.Record{Topic: topic, Partition: partition, Key: r.Key, Value: r.Value, Timestamp: time.UnixMilli(r.Time)}
		for _, h := range r.Headers {
			f.Headers = append(f.Headers, kgo.RecordHeader(h))
		}
		list = append(list, f)
	}
	return list
}

// franzWriter returns a client that writes to the partitions of the records, and doesn't
// wait for seconds until it knows a new topic.
func franzWriter(t testing.TB, c *kafkatest.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	return c.Franz(t, append(opts, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(50*time.Millisecond))...)
}

// written returns what franz-go has written, in the order of partitions and offsets.
func written(all []*kgo.Record) []kafkatest.JavaRecord {
	var list []kafkatest.JavaRecord
	for _, r := range all {
		list = append(list, kafkatest.FromFranz(r))
	}
	slices.SortFunc(list, func(a, b kafkatest.JavaRecord) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return list
}

// keepAll is the configuration of topics with records from years ago.
func keepAll() map[string]string { return map[string]string{"retention.ms": "-1"} }

// The topic has records of each codec, with everything that records can have.
func TestConsumer_ReadsRecordsOfFranz(t *testing.T) {
	c := shared.Cluster(t)
	s := openSystem(t, Options{Brokers: c.Bootstrap()})
	for codec, compression := range map[batch.Codec]kgo.CompressionCodec{
		batch.None: kgo.NoCompression(), batch.Gzip: kgo.GzipCompression(), batch.Snappy: kgo.SnappyCompression(),
		batch.LZ4: kgo.Lz4Compression(), batch.Zstd: kgo.ZstdCompression(),
	} {
		t.Run(codec.String(), func(t *testing.T) {
			topic := kafkatest.Name(t)
			c.CreateTopic(t, topic, 3, keepAll())
			franz := franzWriter(t, c, kgo.ProducerBatchCompression(compression), kgo.ProducerBatchMaxBytes(100_000))
			var all []*kgo.Record
			for p := range int32(3) {
				all = append(all, forFranz(topic, p, slices.Concat(kafkatest.Samples(), kafkatest.ManySamples(), kafkatest.Samples()))...)
			}
			linktest.Must(t, franz.ProduceSync(t.Context(), all...).FirstErr())
			if got := all[0].Attrs.CompressionType(); got != uint8(codec) {
				t.Fatalf("it was written by codec %d", got)
			}
			wantRecords(t, newTail(t, s, topic, 3).toEnds(s), written(all))
		})
	}
}

// The records are of transactions of Kafka's own client, some of which are aborted.
func TestConsumer_ReadsRecordsOfJava(t *testing.T) {
	c := shared.Cluster(t)
	s := openSystem(t, Options{Brokers: c.Bootstrap()})
	topic := kafkatest.Name(t)
	c.CreateTopic(t, topic, 3, keepAll())
	var steps []kafkatest.JavaStep
	for i, end := range []kafkatest.JavaVerb{kafkatest.JavaCommit, kafkatest.JavaAbort, kafkatest.JavaCommit, kafkatest.JavaAbort} {
		steps = append(steps, kafkatest.JavaStep{Do: kafkatest.JavaBegin})
		for k, r := range slices.Concat(kafkatest.Samples(), kafkatest.ManySamples()) {
			j := kafkatest.ToJava(&r)
			j.Partition = int32((i + k) % 3)
			steps = append(steps, kafkatest.JavaStep{JavaRecord: j})
		}
		steps = append(steps, kafkatest.JavaStep{Do: end})
	}
	c.JavaProduce(t, topic, map[string]string{"transactional.id": topic, "compression.type": "zstd"}, steps...)
	want := c.JavaConsume(t, topic, map[string]string{"isolation.level": kafkatest.ReadCommitted})
	if n := 2 * (len(kafkatest.Samples()) + len(kafkatest.ManySamples())); len(want) != n {
		t.Fatalf("Java reads %d records, it should be %d", len(want), n)
	}
	wantRecords(t, newTail(t, s, topic, 3).toEnds(s), want)
}

// Records may be deleted before they are read.
func TestConsumer_OffsetBelowStart(t *testing.T) {
	c := shared.Cluster(t)
	s := openSystem(t, Options{Brokers: c.Bootstrap()})
	topic := kafkatest.Name(t)
	c.CreateTopic(t, topic, 2, nil)
	franz := franzWriter(t, c)
	var all []*kgo.Record
	for i := range 200 {
		all = append(all, &kgo.Record{Topic: topic, Partition: int32(i % 2), Value: fmt.Append(nil, i)})
	}
	linktest.Must(t, franz.ProduceSync(t.Context(), all...).FirstErr())
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: topic, Partition: 1, At: 60})
	_, err := c.Admin().DeleteRecords(t.Context(), offsets)
	linktest.Must(t, err)
	tail := newTail(t, s, topic, 2)
	var outside *stream.OffsetOutOfRangeError
	for {
		if _, err = tail.Poll(); err != nil {
			break
		}
		<-tail.Ready()
	}
	if !errors.As(err, &outside) || *outside != (stream.OffsetOutOfRangeError{TopicPartition: linktest.At(topic, 1), Offset: 0, Start: 60, End: 100}) {
		t.Fatal(err)
	}
	linktest.Must(t, tail.Assign(linktest.At(topic, 0), 0)) // what Poll gave of it wasn't kept
	linktest.Must(t, tail.Assign(linktest.At(topic, 1), outside.Start))
	want := slices.DeleteFunc(written(all), func(r kafkatest.JavaRecord) bool { return r.Partition == 1 && r.Offset < 60 })
	wantRecords(t, tail.toEnds(s), want)
}

// All partitions have data, which must arrive within the default memory.
func TestConsumer_ManyPartitions(t *testing.T) {
	const partitions, records = 500, 20_000
	c := shared.Cluster(t)
	s := openSystem(t, Options{Brokers: c.Bootstrap()})
	topic := kafkatest.Name(t)
	c.CreateTopic(t, topic, partitions, nil)
	franz := franzWriter(t, c, kgo.ProducerLinger(50*time.Millisecond), kgo.ProducerBatchCompression(kgo.NoCompression()))
	var all []*kgo.Record
	for i := range records {
		all = append(all, &kgo.Record{Topic: topic, Partition: int32(i % partitions), Value: fmt.Appendf(nil, "%01000d", i)})
	}
	linktest.Must(t, franz.ProduceSync(t.Context(), all...).FirstErr())
	began := time.Now()
	tail := newTail(t, s, topic, partitions)
	wantRecords(t, tail.toEnds(s), written(all))
	t.Logf("read in %s", time.Since(began))
	tail.got = make([][]kafkatest.JavaRecord, partitions)
	for i := range 20 { // and what comes to partitions at their end
		r := &kgo.Record{Topic: topic, Partition: int32(i * 25), Value: fmt.Append(nil, i)}
		linktest.Must(t, franz.ProduceSync(t.Context(), r).FirstErr())
		tail.until(func() bool { return len(tail.got[i*25]) > 0 })
	}
}
