package produce

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/endtxn"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

func TestAbort_Transactional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 2, 4)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{ID: "id"})
		for n := range 6 {
			s.send(n*batchOf, 500) // of some the broker has got a part, of the first nothing
			clear(s.values)
			if err := s.Abort(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s.Buffered() != 0 || b.ids["id"].open {
				t.Fatalf("after an abort %d bytes are buffered", s.Buffered())
			}
		}
		s.send(batchOf, 1000)
		s.commit()
		s.check(b)
	})
}

// Records that were not sent are taken back, those that were are in the log, and the
// numbers have no gap.
func TestAbort_AtLeastOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{AtLeastOnce: true})
		b.fault = func(_ int32, req protocol.Message) fault { return fault{after: time.Second} }
		s.send(5*batchOf, 1000)
		synctest.Wait()
		if err := s.Abort(t.Context()); err != nil {
			t.Fatal(err)
		}
		left := b.values(0)
		if len(left) == 0 || len(left) > batchOf {
			t.Fatalf("%d records have left, of a batch of less than %d", len(left), batchOf)
		}
		s.values[0] = left
		s.send(batchOf, 1000)
		s.commit()
		s.check(b)
	})
}

// offsetsOf returns offsets of a group, one more in the second partition.
func offsetsOf(at int64) stream.GroupOffsets {
	return stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(0), Offset: at}, {TopicPartition: partOf(1), Offset: at + 1}}}
}

func TestCommit_Offsets(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 2)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		want := func(at int64) {
			t.Helper()
			if g := b.groups["g"]; g[partOf(0)] != at || g[partOf(1)] != at+1 {
				t.Errorf("the offsets are %v, want %d and one more", g, at)
			}
		}
		for _, at := range []int64{5, 7} { // at first nothing but offsets
			if _, err := s.Commit(t.Context(), offsetsOf(at)); err != nil {
				t.Fatal(err)
			}
			want(at)
			s.send(1, 1)
		}
		for _, bad := range []stream.GroupOffsets{
			{Positions: offsetsOf(1).Positions},
			{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(2)}}},
			{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(-1)}}},
			{Group: "g", Positions: []stream.Position{{TopicPartition: stream.TopicPartition{Topic: "none"}}}},
			{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(0), Offset: -1}}},
		} {
			if _, err := s.Commit(t.Context(), bad); err == nil {
				t.Errorf("%+v is committed", bad)
			}
		}
		s.commit() // which the refused ones haven't harmed
		want(7)
		s.check(b)
	})
}

// With an expired context nothing happens.
func TestCommit_ExpiredContext(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.send(1, 1)
		_, err := s.Commit(ctx, stream.GroupOffsets{})
		for what, err := range map[string]error{"Commit": err, "Flush": s.Flush(ctx), "Abort": s.Abort(ctx)} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s with a context that is over says %v", what, err)
			}
		}
		s.commit()
		s.check(b)
	})
}

func TestCommit_CanceledContext(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 1)
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		b.fault = func(_ int32, req protocol.Message) fault { return fault{hang: true} }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s.send(1, 1)
		if _, err := s.Commit(ctx, stream.GroupOffsets{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
		if err := s.topic.Send(0, &stream.Record{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("and then %v", err)
		}
		began := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > closePatience {
			t.Errorf("Close took %s", took)
		}
	})
}

// Close aborts the open transaction, whatever is going on.
func TestClose_AbortsTransaction(t *testing.T) {
	for name, c := range map[string]func(s *testProducer, b *fakeBrokers){
		"nothing":           func(*testProducer, *fakeBrokers) {},
		"small batches":     func(s *testProducer, _ *fakeBrokers) { s.send(1, 1) },
		"batches underway":  func(s *testProducer, _ *fakeBrokers) { s.send(3*batchOf, 1000) },
		"flushed":           func(s *testProducer, _ *fakeBrokers) { s.send(1, 1); s.Flush(s.t.Context()) },
		"a broken delivery": func(s *testProducer, b *fakeBrokers) { breakDelivery(b); s.send(3*batchOf, 1000); synctest.Wait() },
		"a commit that is refused meanwhile": func(s *testProducer, b *fakeBrokers) {
			refuseEnd(b, 2*time.Second)
			s.send(1, 1)
			ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
			defer cancel()
			s.Commit(ctx, stream.GroupOffsets{})
		},
		"a dead commit": func(s *testProducer, b *fakeBrokers) {
			breakDelivery(b)
			s.send(1, 1)
			ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
			defer cancel()
			s.Commit(ctx, stream.GroupOffsets{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, cfg stream.ProducerConfig) { testClose(t, cfg, c) })
		})
	}
}

func testClose(t *testing.T, cfg stream.ProducerConfig, before func(*testProducer, *fakeBrokers)) {
	b := newFakeBrokers(t, 2, 4)
	sys := b.newClient(settings{})
	s := newTestProducer(t, sys, cfg)
	before(s, b)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if id := b.ids["id"]; id != nil && id.open {
		t.Error("the transaction is open")
	}
	for _, err := range []error{s.topic.Send(0, &stream.Record{}), s.Flush(t.Context()), s.Abort(t.Context())} {
		if !errors.Is(err, stream.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	b.fault = nil
	if cfg.ID != "" {
		next := newTestProducer(t, sys, cfg)
		next.send(1, 1)
		next.commit()
		next.check(b)
	}
}

func breakDelivery(b *fakeBrokers) {
	b.fault = func(_ int32, req protocol.Message) fault {
		if isProduce(req) {
			return fault{reset: true, lost: true}
		}
		return fault{}
	}
}

// refuseEnd makes the broker refuse the first EndTxn request, after a while.
func refuseEnd(b *fakeBrokers, after time.Duration) {
	refused := false
	b.fault = func(_ int32, req protocol.Message) fault {
		if _, ok := req.(*endtxn.Request); ok && !refused {
			refused = true
			return fault{code: kerr.BadTransactionState, after: after}
		}
		return fault{}
	}
}
