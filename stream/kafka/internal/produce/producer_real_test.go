//go:build real

package produce

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Records are written with each codec and in both modes, in transactions that are
// committed, aborted, or still open.
func TestProducer_OtherClientsRead(t *testing.T) {
	codecs := []batch.Codec{batch.None, batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd}
	l := newLedger(t, shared.Cluster(t), int32(2*len(codecs)))
	for i, codec := range codecs {
		few, lots := int32(2*i), int32(2*i+1)
		s := l.system(codec)
		p := l.producer(s, stream.ProducerConfig{})
		p.commit(stream.GroupOffsets{})
		p.send(few, kafkatest.Samples()...)
		p.send(lots, kafkatest.ManySamples()...)
		p.commit(stream.GroupOffsets{})
		p.send(few, kafkatest.Samples()...)
		p.send(lots, kafkatest.ManySamples()...)
		p.abort()
		p.send(few, kafkatest.Samples()[:2]...)
		p.commit(stream.GroupOffsets{})
		once := l.producer(s, stream.ProducerConfig{AtLeastOnce: true})
		once.send(few, kafkatest.Samples()...)
		once.send(lots, kafkatest.ManySamples()...)
		once.commit(stream.GroupOffsets{})
		p.send(lots, kafkatest.Samples()...) // behind it, so that all else is seen
		linktest.Must(t, p.Flush(t.Context()))
	}
	for _, level := range []string{kafkatest.ReadCommitted, kafkatest.ReadUncommitted} {
		l.check(level)
		l.java(level)
	}
}

// The group has the offsets of a transaction once it is committed, not before, and not if
// it is aborted.
func TestCommit_OffsetsVisibleWithTransaction(t *testing.T) {
	c := shared.Cluster(t)
	l := newLedger(t, c, 2)
	p := l.producer(l.system(batch.None), stream.ProducerConfig{})
	group := kafkatest.Name(t)
	offsets := func(first, second int64) stream.GroupOffsets {
		return stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: linktest.At(l.topic, 0), Offset: first}, {TopicPartition: linktest.At(l.topic, 1), Offset: second}}}
	}
	// given sends offsets in a transaction that stays open.
	given := func(o stream.GroupOffsets) {
		p.txn.addGroupOffsets(o)
		linktest.Must(t, p.life.Await(t.Context(), p.txn.change(func(*transaction) {})))
	}
	// A commit may become visible a moment later. Clients can wait for that.
	now, stable := t.Context(), kadm.RequireStable(t.Context())
	given(offsets(3, 4))
	wantOffsets(now, l.T, c, group, l.topic, -1, -1)
	p.send(0, kafkatest.Samples()...)
	p.commit(offsets(3, 4))
	wantOffsets(stable, l.T, c, group, l.topic, 3, 4)
	given(offsets(5, 6))
	wantOffsets(now, l.T, c, group, l.topic, 3, 4)
	linktest.Must(t, p.Abort(t.Context()))
	wantOffsets(stable, l.T, c, group, l.topic, 3, 4)
	p.commit(offsets(7, 1)) // nothing but offsets, and back
	wantOffsets(stable, l.T, c, group, l.topic, 7, 1)
	l.check(kafkatest.ReadCommitted)
	l.check(kafkatest.ReadUncommitted)
}

// The error says what the broker won't take. All other records are unaffected.
func TestSend_RecordTooLarge(t *testing.T) {
	random := make([]byte, 1_200_000)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(random)
	for name, cfg := range map[string]stream.ProducerConfig{"transactional": {}, "at least once": {AtLeastOnce: true}} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			l := newLedger(t, c, 2)
			plain := l.producer(l.system(batch.None), cfg)
			plain.send(0, kafkatest.Samples()...)
			err := plain.topic.Send(0, &stream.Record{Value: random})
			wantTooLarge(t, err, l.topic+"/0", "key, value and headers have 1200061 bytes", "max.message.bytes is 1048588")
			plain.send(1, kafkatest.Samples()...)
			plain.commit(stream.GroupOffsets{}) // the producer goes on

			packed := l.producer(l.system(batch.Zstd), cfg)
			packed.send(1, kafkatest.Samples()...)
			packed.send(0, stream.Record{Value: make([]byte, 3_000_000), Time: 1}) // until it is compressed
			packed.commit(stream.GroupOffsets{})
			err = packed.topic.Send(1, &stream.Record{Value: random})
			wantTooLarge(t, err, l.topic+"/1", "key, value and headers have 1200061 bytes (1200", "compressed with zstd", "max.message.bytes is 1048588")
			packed.send(1, kafkatest.Samples()...)
			packed.commit(stream.GroupOffsets{}) // the producer goes on

			next := l.producer(l.system(batch.Zstd), cfg)
			next.send(0, kafkatest.Samples()...)
			next.send(1, kafkatest.Samples()...)
			next.commit(stream.GroupOffsets{})
			l.check(kafkatest.ReadCommitted)
		})
	}
}

func wantTooLarge(t *testing.T, err error, parts ...string) {
	t.Helper()
	if !errors.Is(err, kerr.MessageTooLarge) {
		t.Fatalf("the error is %v", err)
	}
	wantParts(t, err, parts...)
}

// The error of batches that have become too large says why. A producer that is opened
// after it makes smaller ones.
func TestSend_LimitLowered(t *testing.T) {
	c := shared.Cluster(t)
	l := newLedger(t, c, 1)
	s := l.system(batch.None)
	p := l.producer(s, stream.ProducerConfig{})
	limit := "20000"
	_, err := c.Admin().AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: cluster.MaxMessageBytes, Value: &limit}}, l.topic)
	linktest.Must(t, err)
	for _, r := range kafkatest.ManySamples() {
		_ = p.topic.Send(0, &r) // it may fail already here
	}
	_, err = p.Commit(t.Context(), stream.GroupOffsets{})
	wantTooLarge(t, err, l.topic+"/0", "records together of", "raise the topic's max.message.bytes")
	linktest.Must(t, p.Close())
	p.abortedWithout(0)
	p = l.producer(s, stream.ProducerConfig{})
	p.send(0, kafkatest.ManySamples()...)
	p.commit(stream.GroupOffsets{})
	l.check(kafkatest.ReadCommitted)
}

// Since Kafka 4, brokers refuse timestamps in the future unless the topic allows them.
func TestSend_TimestampRefused(t *testing.T) {
	l := newLedger(t, shared.Cluster(t), 1)
	p := l.producer(l.system(batch.None), stream.ProducerConfig{})
	linktest.Must(t, p.topic.Send(0, &stream.Record{Time: time.Now().Add(2 * time.Hour).UnixMilli()}))
	_, err := p.Commit(t.Context(), stream.GroupOffsets{})
	if !errors.Is(err, kerr.BadTimestamp) {
		t.Fatalf("the error is %v", err)
	}
	wantParts(t, err, l.topic+"/0", "message.timestamp.after.max.ms")
}
