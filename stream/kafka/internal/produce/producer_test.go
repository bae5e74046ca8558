package produce

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A testProducer is a producer on fake brokers, with what it has sent.
type testProducer struct {
	*Producer
	t      *testing.T
	topic  stream.Writer
	next   int
	values map[int32][]string // sent by partition
}

// modes runs a test with a transactional producer and with one at least once, each in a
// synctest bubble.
func modes(t *testing.T, test func(t *testing.T, cfg stream.ProducerConfig)) {
	for name, cfg := range map[string]stream.ProducerConfig{"transactional": {ID: "id"}, "at least once": {AtLeastOnce: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, cfg) })
		})
	}
}

func newTestProducer(t *testing.T, s *testClient, cfg stream.ProducerConfig) *testProducer {
	t.Helper()
	p, err := s.OpenProducer(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	w, err := p.Writer("topic")
	if err != nil {
		t.Fatal(err)
	}
	return &testProducer{Producer: p.(*Producer), t: t, topic: w, values: make(map[int32][]string)}
}

// send sends n records of about size bytes to each partition.
func (s *testProducer) send(n, size int) {
	s.t.Helper()
	for range n {
		value := fmt.Sprintf("%d %s", s.next, strings.Repeat("x", size))
		s.next++
		for i := range s.topic.Partitions() {
			if err := s.topic.Send(i, &stream.Record{Value: []byte(value), Time: 1}); err != nil {
				s.t.Fatal(err)
			}
			s.values[i] = append(s.values[i], value)
		}
	}
}

func (s *testProducer) commit() []stream.Position {
	s.t.Helper()
	ends, err := s.Commit(s.t.Context(), stream.GroupOffsets{})
	if err != nil {
		s.t.Fatal(err)
	}
	return ends
}

// check compares what the brokers have with what was sent.
func (s *testProducer) check(b *fakeBrokers) {
	s.t.Helper()
	for i := range s.topic.Partitions() {
		got, want := b.values(i), s.values[i]
		if slices.Equal(got, want) {
			continue
		}
		n := 0
		for n < min(len(got), len(want)) && got[n] == want[n] {
			n++
		}
		s.t.Errorf("partition %d has %d records, want %d; they differ from number %d on", i, len(got), len(want), n)
	}
}

// batchOf is a number of records that fill more than a batch.
const batchOf = 300

func TestProducer_Delivers(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 3, 8)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		ends := make([]int64, 8)
		for n := range 5 {
			s.send(n*batchOf+1, 1000)
			if s.Buffered() <= 0 {
				t.Fatal("nothing is buffered")
			}
			for i, end := range s.commit() {
				ends[i] += int64(n*batchOf + 1)
				if end != (stream.Position{TopicPartition: partOf(int32(i)), Offset: ends[i]}) {
					t.Errorf("partition %d ends at %v, want %d", i, end, ends[i])
				}
				if cfg.ID != "" {
					ends[i]++ // the marker
				}
			}
			if s.Buffered() != 0 {
				t.Errorf("%d bytes are buffered after a commit", s.Buffered())
			}
		}
		s.check(b)
	})
}

func TestTransaction_FewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 2, 6)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{ID: "id"})
		b.received = nil
		s.commit()
		if len(b.received) > 0 {
			t.Fatalf("an empty commit asks for %v", b.received)
		}
		s.send(10, 100)
		synctest.Wait()
		if len(b.received) > 0 {
			t.Fatalf("small batches leave before they are full: %v", b.received)
		}
		s.commit()
		add, sent := requests[*addpartitionstotxn.Request](b), requests[*wire.Produce](b)
		if len(add) != 1 || len(add[0].Topics) != 1 || len(add[0].Topics[0].Partitions) != 6 {
			t.Errorf("%d requests to add partitions", len(add))
		}
		if len(sent) != 2 || len(sent[0].Partitions) != 3 || len(sent[1].Partitions) != 3 || sent[0].Transaction != "id" {
			t.Errorf("%d requests with batches", len(sent))
		}
		if end := requests[*endtxn.Request](b); len(end) != 1 || !end[0].Committed {
			t.Errorf("%d requests to end it", len(end))
		}
		if begin := requests[*initproducerid.Request](b); len(begin) != 0 {
			t.Errorf("the epoch was raised without a need")
		}
	})
}

func TestSend_FullBatchLeavesAtOnce(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 2)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		s.send(batchOf, 1000)
		synctest.Wait()
		sent := requests[*wire.Produce](b)
		if len(sent) == 0 || s.Buffered() > batchBytes {
			t.Errorf("%d requests, %d bytes are left", len(sent), s.Buffered())
		}
		s.commit()
		s.check(b)
	})
}

func TestFlush(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 2, 4)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		for range 3 {
			s.send(5, 100)
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s.Buffered() != 0 {
				t.Errorf("%d bytes are buffered", s.Buffered())
			}
		}
		if got := len(b.values(0)); (got > 0) != cfg.AtLeastOnce {
			t.Errorf("%d records are seen before the commit", got)
		}
		s.commit()
		s.check(b)
	})
}

func TestProducer_Throttled(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		link := s.client.Link.(*linktest.Link)
		serve := link.Serve
		link.Serve = func(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error) {
			answer, err := serve(ctx, node, req)
			if p, ok := answer.(*wire.Produce); ok {
				p.Answer.Throttle = 700
			}
			return answer, err
		}
		began := time.Now()
		s.send(3*batchOf, 1000)
		s.commit()
		if took := time.Since(began); took < 1400*time.Millisecond || took > 3*time.Second {
			t.Errorf("took %s", took)
		}
		s.check(b)
	})
}

func TestProducer_RequestSize(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 100)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		s.send(batchOf, 1000)
		s.commit()
		s.check(b)
		for _, r := range requests[*wire.Produce](b) {
			size := 0
			for _, p := range r.Partitions {
				size += len(p.Batch)
			}
			if size > requestBytes+100*wire.BatchRoom {
				t.Errorf("a request of %d bytes", size)
			}
		}
	})
}
