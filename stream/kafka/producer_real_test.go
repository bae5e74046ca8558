//go:build real

package kafka

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// samples are records with all that a record can have or lack.
func samples() []stream.Record {
	return []stream.Record{
		{Key: []byte("key"), Value: []byte("value"), Time: 1398926301271},
		{Key: []byte{}, Value: []byte{}, Time: 1},
		{Key: []byte("deleted"), Time: 1398926301270}, // a tombstone
		{Value: []byte("no key"), Time: 4},
		{Time: 2},
		{Key: []byte{0, 255}, Value: bytes.Repeat([]byte("ab"), 5000), Time: 3, Headers: []stream.Header{{Key: "h", Value: []byte("v")}}},
		{Value: []byte("headers"), Time: 1398926301271, Headers: []stream.Header{
			{Key: "same", Value: []byte("1")}, {Key: "same", Value: []byte("2")},
			{Key: "nil"}, {Key: "empty", Value: []byte{}}, {Key: "", Value: []byte{0}}, {Key: "ü", Value: []byte("ü")},
		}},
	}
}

// many are records that fill several batches, and can be compressed by half.
func many() []stream.Record {
	random := rand.New(rand.NewPCG(1, 2))
	var all []stream.Record
	for i := range 300 {
		value := bytes.Repeat([]byte(strconv.Itoa(i)), 500)
		for k := range value[:500] {
			value[k] = byte(random.Uint32())
		}
		all = append(all, stream.Record{Value: value, Time: int64(i + 1)})
	}
	return all
}

// TestOthersReadWhatWeWrite: by each codec and in both modes, in transactions that
// are committed, aborted, or still open.
func TestOthersReadWhatWeWrite(t *testing.T) {
	codecs := []batch.Codec{batch.None, batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd}
	l := newLedger(t, shared.Cluster(t), int32(2*len(codecs)))
	for i, codec := range codecs {
		few, lots := int32(2*i), int32(2*i+1)
		s := l.system(codec)
		p := l.pen(s, stream.ProducerConfig{})
		p.commit(stream.GroupOffsets{})
		p.send(few, samples()...)
		p.send(lots, many()...)
		p.commit(stream.GroupOffsets{})
		p.send(few, samples()...)
		p.send(lots, many()...)
		p.abort()
		p.send(few, samples()[:2]...)
		p.commit(stream.GroupOffsets{})
		once := l.pen(s, stream.ProducerConfig{AtLeastOnce: true})
		once.send(few, samples()...)
		once.send(lots, many()...)
		once.commit(stream.GroupOffsets{})
		p.send(lots, samples()...) // behind it, so that all else is seen
		must(t, p.Flush(t.Context()))
	}
	for _, level := range []string{readCommitted, readUncommitted} {
		l.check(level)
		l.java(level)
	}
}

// TestOffsetsOfATransaction are the group's when it is committed, not before, and
// not if it isn't.
func TestOffsetsOfATransaction(t *testing.T) {
	c := shared.Cluster(t)
	l := newLedger(t, c, 2)
	p := l.pen(l.system(batch.None), stream.ProducerConfig{})
	group := kafkatest.Name(t)
	offsets := func(first, second int64) stream.GroupOffsets {
		return stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: at(l.topic, 0), Offset: first}, {TopicPartition: at(l.topic, 1), Offset: second}}}
	}
	// given has the broker get offsets in a transaction that stays open.
	given := func(o stream.GroupOffsets) {
		p.conductor.commitOffsets(o)
		must(t, p.life.await(t.Context(), p.conductor.change(func(*transaction) {})))
	}
	// A commit may be seen a moment later, for which others can wait.
	now, stable := t.Context(), kadm.RequireStable(t.Context())
	given(offsets(3, 4))
	wantOffsets(now, l.T, c, group, l.topic, -1, -1)
	p.send(0, samples()...)
	p.commit(offsets(3, 4))
	wantOffsets(stable, l.T, c, group, l.topic, 3, 4)
	given(offsets(5, 6))
	wantOffsets(now, l.T, c, group, l.topic, 3, 4)
	must(t, p.Abort(t.Context()))
	wantOffsets(stable, l.T, c, group, l.topic, 3, 4)
	p.commit(offsets(7, 1)) // nothing but offsets, and back
	wantOffsets(stable, l.T, c, group, l.topic, 7, 1)
	l.check(readCommitted)
	l.check(readUncommitted)
}

// TestRecordsBeyondTheLimit: what a broker won't take is told, and takes nothing
// else with it.
func TestRecordsBeyondTheLimit(t *testing.T) {
	random := make([]byte, 1_200_000)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(random)
	for name, cfg := range map[string]stream.ProducerConfig{"transactional": {}, "at least once": {AtLeastOnce: true}} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			l := newLedger(t, c, 2)
			plain := l.pen(l.system(batch.None), cfg)
			plain.send(0, samples()...)
			err := plain.topic.Send(0, &stream.Record{Value: random})
			wantTooLarge(t, err, l.topic+"/0", "a record of 1200061 bytes", "max.message.bytes is 1048588")
			plain.send(1, samples()...)
			plain.commit(stream.GroupOffsets{}) // the producer goes on

			packed := l.pen(l.system(batch.Zstd), cfg)
			packed.send(1, samples()...)
			packed.send(0, stream.Record{Value: make([]byte, 3_000_000), Time: 1}) // until it is compressed
			packed.commit(stream.GroupOffsets{})
			must(t, packed.topic.Send(1, &stream.Record{Value: random}))
			_, err = packed.Commit(t.Context(), stream.GroupOffsets{})
			wantTooLarge(t, err, l.topic+"/1", "a record of 1200", "raise the topic's max.message.bytes")
			must(t, packed.Close())
			packed.gone(1)

			next := l.pen(l.system(batch.Zstd), cfg)
			next.send(0, samples()...)
			next.send(1, samples()...)
			next.commit(stream.GroupOffsets{})
			l.check(readCommitted)
		})
	}
}

func wantTooLarge(t *testing.T, err error, parts ...string) {
	t.Helper()
	if !errors.Is(err, messageTooLarge) {
		t.Fatalf("the error is %v", err)
	}
	wantParts(t, err, parts...)
}

// TestLimitIsLowered: batches that have become too large are refused with a word on
// why, and a producer that is opened then makes smaller ones.
func TestLimitIsLowered(t *testing.T) {
	c := shared.Cluster(t)
	l := newLedger(t, c, 1)
	s := l.system(batch.None)
	p := l.pen(s, stream.ProducerConfig{})
	limit := "20000"
	_, err := c.Admin().AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: maxMessage, Value: &limit}}, l.topic)
	must(t, err)
	for _, r := range many() {
		_ = p.topic.Send(0, &r) // it may fail already here
	}
	_, err = p.Commit(t.Context(), stream.GroupOffsets{})
	wantTooLarge(t, err, l.topic+"/0", "records together of", "raise the topic's max.message.bytes")
	must(t, p.Close())
	p.gone(0)
	p = l.pen(s, stream.ProducerConfig{})
	p.send(0, many()...)
	p.commit(stream.GroupOffsets{})
	l.check(readCommitted)
}

// TestRecordsOfTheFuture: since Kafka 4 brokers don't take them, unless a topic is
// told to.
func TestRecordsOfTheFuture(t *testing.T) {
	l := newLedger(t, shared.Cluster(t), 1)
	p := l.pen(l.system(batch.None), stream.ProducerConfig{})
	must(t, p.topic.Send(0, &stream.Record{Time: time.Now().Add(2 * time.Hour).UnixMilli()}))
	_, err := p.Commit(t.Context(), stream.GroupOffsets{})
	if !errors.Is(err, badTimestamp) {
		t.Fatalf("the error is %v", err)
	}
	wantParts(t, err, l.topic+"/0", "message.timestamp.after.max.ms")
}
