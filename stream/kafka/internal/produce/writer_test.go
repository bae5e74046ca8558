package produce

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

func TestWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 1, 2)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{})
		began := time.Now()
		if _, err := s.Writer("none"); !errors.Is(err, stream.ErrUnknownTopic) || !strings.Contains(err.Error(), "none") {
			t.Errorf("an unknown topic: %v", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %s", took)
		}
		if again, err := s.Writer("topic"); err != nil || again != s.topic {
			t.Errorf("opened again it is %v, %v", again, err)
		}
		for _, p := range []int32{-1, 2} {
			if err := s.topic.Send(p, &stream.Record{}); !errors.Is(err, stream.ErrUnknownTopic) {
				t.Errorf("partition %d: %v", p, err)
			}
		}
		s.send(1, 1) // the producer is none the worse for it
		s.commit()
		s.check(b)
	})
}

func TestSend_CompactedTopicNeedsKey(t *testing.T) {
	for _, policy := range []string{"compact", "compact,delete"} {
		synctest.Test(t, func(t *testing.T) {
			b := newFakeBrokers(t, 1, 1)
			b.settings[cluster.CleanupPolicy] = policy
			s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{})
			if err := s.topic.Send(0, &stream.Record{Value: []byte("x")}); !errors.Is(err, stream.ErrNoKey) {
				t.Errorf("%s: %v", policy, err)
			}
			if err := s.topic.Send(0, &stream.Record{Key: []byte{}}); err != nil {
				t.Error(err)
			}
			s.commit()
		})
	}
}

// A client that may not describe a topic's settings can write to it.
func TestWriter_SettingsDenied(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 1)
		b.fault = func(_ int32, req protocol.Message) fault {
			if _, ok := req.(*describeconfigs.Request); ok {
				return fault{code: kerr.TopicDenied}
			}
			return fault{}
		}
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		s.send(1, 1)
		s.commit()
		s.check(b)
	})
}

func TestWriter_TopicLimit(t *testing.T) {
	for _, codec := range []batch.Codec{batch.None, batch.Zstd} {
		for _, limit := range []string{"1048588", "20000", "nonsense", ""} {
			modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
				b := newFakeBrokers(t, 1, 2)
				b.settings[cluster.MaxMessageBytes] = limit
				s := newTestProducer(t, b.newClient(settings{Codec: codec}), cfg)
				s.send(3*batchOf, 1000)
				s.commit()
				s.check(b)
				most := batchBytes
				if limit == "20000" {
					most = 20000
				}
				for _, r := range requests[*wire.Produce](b) {
					for _, p := range r.Partitions {
						if size := len(p.Batch) - wire.BatchRoom; size > most {
							t.Errorf("%s, limit %s: a batch of %d bytes", codec, limit, size)
						}
					}
				}
			})
		}
	}
}

func TestSend_LargeRecords(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		s.send(3, 10)
		s.send(2, 1_000_000)
		s.send(3, 10)
		big := &stream.Record{Key: make([]byte, 600_000), Value: make([]byte, 500_000), Time: 1}
		err := s.topic.Send(0, big)
		if !errors.Is(err, kerr.MessageTooLarge) || !strings.Contains(err.Error(), "1100061") || !strings.Contains(err.Error(), "topic/0") || !strings.Contains(err.Error(), "max.message.bytes is 1048588") {
			t.Errorf("the error is %v", err)
		}
		s.send(3, 10)
		s.commit()
		s.check(b)
	})
}

// A record that compresses is refused only if it is too large then, and for itself: the
// producer goes on.
func TestSend_LargeRecordsCompressed(t *testing.T) {
	random := make([]byte, 1_100_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(random) // it never fails
	synctest.Test(t, func(t *testing.T) {
		for _, codec := range []batch.Codec{batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd} {
			b := newFakeBrokers(t, 1, 1)
			s := newTestProducer(t, b.newClient(settings{Codec: codec}), stream.ProducerConfig{})
			s.send(3, 10)
			err := s.topic.Send(0, &stream.Record{Value: random, Time: 1})
			var fatal *stream.ProducerError
			if !errors.Is(err, kerr.MessageTooLarge) || errors.As(err, &fatal) || !strings.Contains(err.Error(), "compressed with "+codec.String()) {
				t.Errorf("%s: %v", codec, err)
			}
			s.send(1, 3_000_000) // until it is compressed
			s.commit()
			s.check(b)
		}
	})
}

// A record's size includes its headers, so that batches don't exceed the limit.
func TestSend_HeadersCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{})
		r := &stream.Record{Time: 1}
		for range 200 {
			r.Headers = append(r.Headers, stream.Header{Key: strings.Repeat("k", 70), Value: make([]byte, 70)})
		}
		for range 100 {
			if err := s.topic.Send(0, r); err != nil {
				t.Fatal(err)
			}
		}
		s.commit()
		for _, r := range requests[*wire.Produce](b) {
			if size := len(r.Partitions[0].Batch) - wire.BatchRoom; size > batchBytes {
				t.Errorf("a batch of %d bytes", size)
			}
		}
	})
}

func TestSend_RecordTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{})
		now := time.Now().UnixMilli()
		r := stream.Record{Value: []byte("x")}
		s.topic.Send(0, &r)
		s.topic.Send(0, &stream.Record{Time: 77})
		s.commit()
		got := b.logs[partOf(0)].batches[0].records
		if r.Time != 0 || got[0].Time != now || got[1].Time != 77 {
			t.Errorf("the times are %d and %d, want %d and 77", got[0].Time, got[1].Time, now)
		}
	})
}

// When one batch after another is full, the memory of each is allocated at once.
func TestWriter_BatchGrowsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{})
		b.fault = func(int32, protocol.Message) fault { return fault{hang: true} } // so that none is free again
		r := stream.Record{Value: make([]byte, 1000), Time: 1}
		fill := func() {
			for range batchOf {
				s.topic.Send(0, &r)
			}
		}
		fill()
		if n := testing.AllocsPerRun(20, fill); n > 4 {
			t.Errorf("%v allocations per batch", n)
		}
	})
}

// Send doesn't allocate once batches have their memory.
func TestSend_NoAllocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{})
		s.send(2*batchOf, 1000)
		s.commit()
		r := stream.Record{Key: []byte("key"), Value: make([]byte, 100)}
		s.topic.Send(0, &r)
		if n := testing.AllocsPerRun(500, func() { s.topic.Send(0, &r) }); n != 0 {
			t.Errorf("%v allocations per record", n)
		}
	})
}
