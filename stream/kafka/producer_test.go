package kafka

import (
	"context"
	"errors"
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
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A sending is a producer on fake brokers, and what was sent by it.
type sending struct {
	*producer
	t      *testing.T
	topic  stream.Writer
	next   int
	values map[int32][]string // sent by partition
}

// modes runs a test with a transactional producer and with one that isn't, in a
// bubble whose clock takes no time.
func modes(t *testing.T, test func(t *testing.T, cfg stream.ProducerConfig)) {
	for name, cfg := range map[string]stream.ProducerConfig{"transactional": {ID: "id"}, "at least once": {AtLeastOnce: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, cfg) })
		})
	}
}

func newSending(t *testing.T, s *System, cfg stream.ProducerConfig) *sending {
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
	return &sending{producer: p.(*producer), t: t, topic: w, values: make(map[int32][]string)}
}

// send sends n records of about size bytes to each partition.
func (s *sending) send(n, size int) {
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

func (s *sending) commit() []stream.Position {
	s.t.Helper()
	ends, err := s.Commit(s.t.Context(), stream.GroupOffsets{})
	if err != nil {
		s.t.Fatal(err)
	}
	return ends
}

// check compares what the brokers have with what was sent.
func (s *sending) check(b *fakeBrokers) {
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
const batchOf = 150

func TestProduces(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 3, 8)
		s := newSending(t, b.system(Options{}), cfg)
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

func TestTransactionsAskForAsLittleAsTheyCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 2, 6)
		s := newSending(t, b.system(Options{}), stream.ProducerConfig{ID: "id"})
		b.asked = nil
		s.commit()
		if len(b.asked) > 0 {
			t.Fatalf("an empty commit asks for %v", b.asked)
		}
		s.send(10, 100)
		synctest.Wait()
		if len(b.asked) > 0 {
			t.Fatalf("small batches leave before they are full: %v", b.asked)
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

func TestFullBatchesLeaveAtOnce(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 2)
		s := newSending(t, b.system(Options{}), cfg)
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

// failures are what the network and brokers do now and then.
func TestProducesInSpiteOf(t *testing.T) {
	for name, c := range map[string]func(n int) fault{
		"an answer that is lost":           func(int) fault { return fault{hang: true} },
		"a connection that breaks before":  func(int) fault { return fault{reset: true, lost: true} },
		"a connection that breaks after":   func(int) fault { return fault{reset: true} },
		"a request that comes much later":  func(int) fault { return fault{reset: true, lost: true, late: time.Minute} },
		"a request that comes a bit later": func(int) fault { return fault{reset: true, lost: true, late: 60 * time.Millisecond} },
		"a leader that has moved":          func(int) fault { return fault{code: notLeader} },
		"replicas that are missing":        func(int) fault { return fault{code: notEnoughReplicas} },
		"a duplicate that is said to be":   func(int) fault { return fault{reset: true} },
		"a broker that is slow":            func(int) fault { return fault{after: 10 * time.Second} },
		"all of it": func(n int) fault {
			return []fault{{hang: true}, {reset: true}, {reset: true, lost: true, late: time.Second}, {code: notEnoughAfterAppend}, {code: unknownTopic}}[n%5]
		},
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
				b := newFakeBrokers(t, 3, 5)
				b.settings[maxMessage] = "20000"
				s := newSending(t, b.system(Options{}), cfg)
				n := 0
				b.fault = func(_ int32, req protocol.Message) fault {
					if _, ok := req.(*wire.Produce); ok {
						n++
						if n%3 == 1 {
							return c(n / 3)
						}
					}
					return fault{}
				}
				for range 4 {
					s.send(50, 1000)
					for i, end := range s.commit() {
						if got := b.logs[partOf(int32(i))].end; end.Offset != got && end.Offset != got-1 {
							t.Errorf("%s ends at %d, the commit says %d", end.TopicPartition, got, end.Offset)
						}
					}
				}
				s.check(b)
			})
		})
	}
}

// TestLeadersMove: while batches are on their way, brokers go away and others take
// over.
func TestLeadersMove(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 3, 6)
		b.settings[maxMessage] = "20000"
		dead := int32(-2)
		b.fault = func(node int32, req protocol.Message) fault {
			if _, ok := req.(*wire.Produce); ok && node == dead {
				return fault{reset: true, lost: true}
			}
			return fault{}
		}
		s := newSending(t, b.system(Options{}), cfg)
		for n := range int32(12) {
			s.send(40, 1000)
			b.mu.Lock()
			dead = n % 3
			for i := range int32(6) {
				if b.logs[partOf(i)].leader == dead || n%4 == 3 {
					b.move(i, noLeader)
				}
			}
			b.mu.Unlock()
			s.send(20, 1000)
			_ = wait(t.Context(), 300*time.Millisecond)
			b.mu.Lock()
			for i := range int32(6) {
				if b.logs[partOf(i)].leader == noLeader {
					b.move(i, (dead+1+i%2)%3)
				}
			}
			b.mu.Unlock()
			s.commit()
		}
		s.check(b)
		if asked := requests[*metadata.Request](b); len(asked) > 200 {
			t.Errorf("leaders were asked for %d times", len(asked))
		}
	})
}

func TestFinalErrors(t *testing.T) {
	kind := func(req protocol.Message) string { return strings.TrimPrefix(fmt.Sprintf("%T", req), "*") }
	for name, c := range map[string]struct {
		request string
		code    code
		want    []string
		fenced  bool
	}{
		"too large":         {"wire.Produce", messageTooLarge, []string{"topic/", "max.message.bytes"}, false},
		"not allowed":       {"wire.Produce", topicDenied, []string{"topic/", "Write", `"topic"`}, false},
		"no key":            {"wire.Produce", invalidRecord, []string{"topic/", "key"}, false},
		"out of order":      {"wire.Produce", outOfOrderSequence, []string{"topic/"}, false},
		"unknown producer":  {"wire.Produce", unknownProducer, []string{"topic/"}, false},
		"a newer epoch":     {"wire.Produce", staleProducerEpoch, []string{"30s"}, true},
		"a newer producer":  {"addpartitionstotxn.Request", producerFenced, nil, true},
		"no such topic":     {"addpartitionstotxn.Request", topicDenied, []string{"topic/", "Write"}, false},
		"no transaction":    {"addpartitionstotxn.Request", transactionalDenied, []string{`transactional id "id"`}, false},
		"no group":          {"addoffsetstotxn.Request", groupDenied, []string{"Read", `group "g"`}, false},
		"a group's topic":   {"txnoffsetcommit.Request", topicDenied, []string{"Read", "topic/0"}, false},
		"another's commit":  {"txnoffsetcommit.Request", staleProducerEpoch, []string{"group g"}, true},
		"fenced at the end": {"endtxn.Request", producerFenced, []string{"committing"}, true},
		"a broken end":      {"endtxn.Request", badTransactionState, []string{"committing"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newFakeBrokers(t, 1, 2)
				s := newSending(t, b.system(Options{}), stream.ProducerConfig{ID: "id"})
				first := true
				b.fault = func(_ int32, req protocol.Message) fault {
					if first && kind(req) == c.request {
						first = false
						return fault{code: c.code}
					}
					return fault{}
				}
				for i := range 2 * batchOf { // the error may come already here
					_ = s.topic.Send(int32(i%2), &stream.Record{Value: make([]byte, 1000)})
				}
				_, err := s.Commit(t.Context(), stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(0), Offset: 3}}})
				if err == nil || errors.Is(err, stream.ErrFenced) != c.fenced {
					t.Fatalf("the error is %v", err)
				}
				for _, part := range append(c.want, "producer id") {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the error %q doesn't mention %q", err, part)
					}
				}
				for what, again := range map[string]error{
					"Send": s.topic.Send(0, &stream.Record{}), "Flush": s.Flush(t.Context()), "Abort": s.Abort(t.Context()),
				} {
					if again == nil || again.Error() != err.Error() {
						t.Errorf("%s says %v after %v", what, again, err)
					}
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				id := b.ids["id"]
				if id.open == !c.fenced && c.request != "addpartitionstotxn.Request" {
					t.Errorf("after Close the transaction is open: %v", id.open)
				}
				for i := range int32(2) {
					if values := b.values(i); len(values) > 0 {
						t.Errorf("%d records of partition %d are committed", len(values), i)
					}
				}
			})
		})
	}
}

func TestPatienceEnds(t *testing.T) {
	for name, c := range map[string]struct {
		fault fault
		want  []string
	}{
		"no replicas":   {fault{code: notEnoughReplicas}, []string{"topic/0", "replicas"}},
		"no broker":     {fault{reset: true, lost: true}, []string{"topic/0", "broker 0", "connection reset"}},
		"no answer":     {fault{hang: true, lost: true}, []string{"topic/0", "broker 0"}},
		"a topic gone":  {fault{code: unknownTopic}, []string{"topic/0"}},
		"a leader gone": {fault{code: notLeader}, []string{"topic/0"}},
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
				b := newFakeBrokers(t, 1, 1)
				s := newSending(t, b.system(Options{}), cfg)
				b.fault = func(_ int32, req protocol.Message) fault {
					if _, ok := req.(*wire.Produce); ok {
						return c.fault
					}
					return fault{}
				}
				began := time.Now()
				s.send(2*batchOf, 1000)
				_, err := s.Commit(t.Context(), stream.GroupOffsets{})
				if err == nil {
					t.Fatal("there is no error")
				}
				for _, part := range append(c.want, "tried for 2m") {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the error %q doesn't mention %q", err, part)
					}
				}
				if took := time.Since(began); took < 2*time.Minute || took > 2*time.Minute+30*time.Second {
					t.Errorf("it took %s", took)
				}
				if asked := len(b.asked); asked > 300 {
					t.Errorf("brokers were asked %d times", asked)
				}
			})
		})
	}
}

func TestAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 2, 4)
		s := newSending(t, b.system(Options{}), stream.ProducerConfig{ID: "id"})
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

// TestAbortAtLeastOnce: what hasn't left doesn't, what has is there, and the numbers
// go on without a hole.
func TestAbortAtLeastOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 1, 1)
		s := newSending(t, b.system(Options{}), stream.ProducerConfig{AtLeastOnce: true})
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

func TestFlush(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 2, 4)
		s := newSending(t, b.system(Options{}), cfg)
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

func TestOffsets(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 2)
		s := newSending(t, b.system(Options{}), cfg)
		offsets := func(at int64) stream.GroupOffsets {
			return stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(0), Offset: at}, {TopicPartition: partOf(1), Offset: at + 1}}}
		}
		want := func(at int64) {
			t.Helper()
			if g := b.groups["g"]; g[partOf(0)] != at || g[partOf(1)] != at+1 {
				t.Errorf("the offsets are %v, want %d and one more", g, at)
			}
		}
		if _, err := s.Commit(t.Context(), offsets(5)); err != nil {
			t.Fatal(err)
		}
		want(5)
		s.send(1, 1)
		if _, err := s.Commit(t.Context(), offsets(7)); err != nil {
			t.Fatal(err)
		}
		want(7)
		s.send(1, 1)
		for _, bad := range []stream.GroupOffsets{
			{Positions: offsets(1).Positions},
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

// TestUnknownOutcomes: an answer that is missing on any step of a transaction is
// made up for by asking again, and by a new epoch afterwards.
func TestUnknownOutcomes(t *testing.T) {
	for _, kind := range []string{"*addpartitionstotxn.Request", "*addoffsetstotxn.Request", "*txnoffsetcommit.Request", "*endtxn.Request"} {
		for name, f := range map[string]fault{
			"lost": {reset: true, lost: true}, "carried out": {reset: true}, "no answer": {hang: true},
			"late": {reset: true, lost: true, late: 3 * time.Second},
		} {
			t.Run(kind[1:]+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newFakeBrokers(t, 2, 3)
					s := newSending(t, b.system(Options{}), stream.ProducerConfig{ID: "id"})
					failed := false
					b.fault = func(_ int32, req protocol.Message) fault {
						if fmt.Sprintf("%T", req) == kind && !failed {
							failed = true
							return f
						}
						return fault{}
					}
					for n := range 3 {
						s.send(2, 10)
						offsets := stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(0), Offset: int64(n)}}}
						if _, err := s.Commit(t.Context(), offsets); err != nil {
							t.Fatal(err)
						}
						if b.ids["id"].who.epoch != 1 {
							t.Errorf("the epoch is %d after transaction %d", b.ids["id"].who.epoch, n)
						}
						_ = wait(t.Context(), time.Second)
					}
					s.check(b)
					if got := b.groups["g"][partOf(0)]; got != 2 {
						t.Errorf("the group is at %d", got)
					}
				})
			})
		}
	}
}

func TestCoordinatorsCome(t *testing.T) {
	for _, c := range []code{coordinatorLoading, coordinatorAway, notCoordinator, concurrentTxns} {
		modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
			b := newFakeBrokers(t, 1, 1)
			tries := make(map[string]int)
			b.fault = func(_ int32, req protocol.Message) fault {
				kind := fmt.Sprintf("%T", req)
				if _, ok := req.(*wire.Produce); ok {
					return fault{}
				}
				tries[kind]++
				if tries[kind]%4 != 0 {
					return fault{code: c}
				}
				return fault{}
			}
			s := newSending(t, b.system(Options{}), cfg)
			for range 2 {
				s.send(1, 1)
				if _, err := s.Commit(t.Context(), stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: partOf(0)}}}); err != nil {
					t.Fatal(err)
				}
			}
			s.check(b)
		})
	}
}

func TestCommitCutShort(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 1)
		s := newSending(t, b.system(Options{}), cfg)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.send(1, 1)
		for what, err := range map[string]error{"Flush": s.Flush(ctx), "Abort": s.Abort(ctx)} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s with a context that is over says %v", what, err)
			}
		}
		if _, err := s.Commit(ctx, stream.GroupOffsets{}); !errors.Is(err, context.Canceled) {
			t.Errorf("Commit with a context that is over says %v", err)
		}
		s.commit() // nothing has happened
		s.check(b)

		b.fault = func(_ int32, req protocol.Message) fault { return fault{hang: true} }
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
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

// TestClose: what is open is aborted, whatever was going on.
func TestClose(t *testing.T) {
	for name, c := range map[string]func(s *sending, b *fakeBrokers){
		"nothing":           func(*sending, *fakeBrokers) {},
		"small batches":     func(s *sending, _ *fakeBrokers) { s.send(1, 1) },
		"batches underway":  func(s *sending, _ *fakeBrokers) { s.send(3*batchOf, 1000) },
		"flushed":           func(s *sending, _ *fakeBrokers) { s.send(1, 1); s.Flush(s.t.Context()) },
		"a broken delivery": func(s *sending, b *fakeBrokers) { breakDelivery(b); s.send(3*batchOf, 1000); synctest.Wait() },
		"a dead commit": func(s *sending, b *fakeBrokers) {
			breakDelivery(b)
			s.send(1, 1)
			ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
			defer cancel()
			s.Commit(ctx, stream.GroupOffsets{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
				b := newFakeBrokers(t, 2, 4)
				sys := b.system(Options{})
				s := newSending(t, sys, cfg)
				c(s, b)
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
					next := newSending(t, sys, cfg)
					next.send(1, 1)
					next.commit()
					next.check(b)
				}
			})
		})
	}
}

func breakDelivery(b *fakeBrokers) {
	b.fault = func(_ int32, req protocol.Message) fault {
		if _, ok := req.(*wire.Produce); ok {
			return fault{reset: true, lost: true}
		}
		return fault{}
	}
}

func TestFencing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 2, 4)
		sys := b.system(Options{})
		old := newSending(t, sys, stream.ProducerConfig{ID: "id"})
		old.send(2*batchOf, 1000)
		other := newSending(t, sys, stream.ProducerConfig{})
		next := newSending(t, sys, stream.ProducerConfig{ID: "id"})
		old.topic.Send(0, &stream.Record{})
		if _, err := old.Commit(t.Context(), stream.GroupOffsets{}); !errors.Is(err, stream.ErrFenced) {
			t.Fatalf("the error is %v", err)
		}
		next.send(1, 1)
		if err := old.Close(); err != nil {
			t.Error(err)
		}
		next.commit()
		next.check(b)
		other.send(1, 1)
		other.commit()
	})
}

func TestThrottled(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 1)
		s := newSending(t, b.system(Options{}), cfg)
		link := s.life.link.(*fakeLink)
		serve := link.serve
		link.serve = func(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error) {
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
			t.Errorf("it took %s", took)
		}
		s.check(b)
	})
}

func TestRequestsAreBounded(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 1, 100)
		s := newSending(t, b.system(Options{}), cfg)
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
