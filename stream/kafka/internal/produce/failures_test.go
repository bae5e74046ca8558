package produce

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// failures are passing failures of the network and of brokers; n is their number so far.
func failures() map[string]func(n int) fault {
	return map[string]func(n int) fault{
		"an answer that is lost":           func(int) fault { return fault{hang: true} },
		"a connection that breaks before":  func(int) fault { return fault{reset: true, lost: true} },
		"a connection that breaks after":   func(int) fault { return fault{reset: true} },
		"a request that comes much later":  func(int) fault { return fault{reset: true, lost: true, late: time.Minute} },
		"a request that comes a bit later": func(int) fault { return fault{reset: true, lost: true, late: 60 * time.Millisecond} },
		"a leader that has moved":          func(int) fault { return fault{code: kerr.NotLeader} },
		"replicas that are missing":        func(int) fault { return fault{code: kerr.NotEnoughReplicas} },
		"a duplicate that is reported":     func(int) fault { return fault{reportedCode: kerr.DuplicateSequence} },
		"replicas that are lost":           func(int) fault { return fault{reportedCode: kerr.NotEnoughAfterAppend} },
		"a broker that is slow":            func(int) fault { return fault{after: 10 * time.Second} },
		"all of it": func(n int) fault {
			return []fault{{hang: true}, {reset: true}, {reset: true, lost: true, late: time.Second}, {reportedCode: kerr.NotEnoughAfterAppend}, {code: kerr.UnknownTopic}}[n%5]
		},
	}
}

func TestProducer_Failures(t *testing.T) {
	for name, failure := range failures() {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
				b := newFakeBrokers(t, 3, 5)
				b.settings[cluster.MaxMessageBytes] = "20000"
				s := newTestProducer(t, b.newClient(settings{}), cfg)
				n := 0
				b.fault = func(_ int32, req protocol.Message) fault {
					if !isProduce(req) {
						return fault{}
					}
					n++
					if n%3 != 1 {
						return fault{}
					}
					return failure(n / 3)
				}
				for range 4 {
					s.send(50, 1000)
					s.checkEnds(b, s.commit())
				}
				s.check(b)
			})
		})
	}
}

// checkEnds compares the ends that a commit returns with those of the logs, without
// markers.
func (s *testProducer) checkEnds(b *fakeBrokers, ends []stream.Position) {
	s.t.Helper()
	for _, end := range ends {
		if got := b.logs[end.TopicPartition].end; end.Offset != got && end.Offset != got-1 {
			s.t.Errorf("%s ends at %d, the commit says %d", end.TopicPartition, got, end.Offset)
		}
	}
}

// Brokers die and others take over while batches are in flight.
func TestProducer_LeadersMove(t *testing.T) {
	modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
		b := newFakeBrokers(t, 3, 6)
		b.settings[cluster.MaxMessageBytes] = "20000"
		dead := int32(-2)
		b.fault = func(node int32, req protocol.Message) fault {
			if isProduce(req) && node == dead {
				return fault{reset: true, lost: true}
			}
			return fault{}
		}
		s := newTestProducer(t, b.newClient(settings{}), cfg)
		for n := range int32(12) {
			s.send(40, 1000)
			b.moveAll(func(_, leader int32) int32 {
				dead = n % 3
				if leader == dead || n%4 == 3 {
					return cluster.NoLeader
				}
				return leader
			})
			s.send(20, 1000)
			_ = wait(t.Context(), 300*time.Millisecond)
			b.moveAll(func(partition, leader int32) int32 {
				if leader == cluster.NoLeader {
					return (dead + 1 + partition%2) % 3
				}
				return leader
			})
			s.commit()
		}
		s.check(b)
		if asked := requests[*metadata.Request](b); len(asked) > 200 {
			t.Errorf("leaders were asked for %d times", len(asked))
		}
	})
}

// When the answer to any step of a transaction is lost, the step is repeated, and the
// producer gets a new epoch afterwards.
func TestCommit_UnknownOutcome(t *testing.T) {
	for _, kind := range []string{"*addpartitionstotxn.Request", "*addoffsetstotxn.Request", "*txnoffsetcommit.Request", "*endtxn.Request"} {
		for name, f := range map[string]fault{
			"lost": {reset: true, lost: true}, "carried out": {reset: true}, "no answer": {hang: true},
			"late": {reset: true, lost: true, late: 3 * time.Second},
		} {
			t.Run(kind[1:]+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testUnknownOutcome(t, kind, f) })
			})
		}
	}
}

// testUnknownOutcome makes the first request of a kind fail.
func testUnknownOutcome(t *testing.T, kind string, f fault) {
	b := newFakeBrokers(t, 2, 3)
	s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{ID: "id"})
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
}

func TestProducer_CoordinatorUnavailable(t *testing.T) {
	for _, c := range []kerr.Code{kerr.CoordinatorLoading, kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.ConcurrentTxns} {
		modes(t, func(t *testing.T, cfg stream.ProducerConfig) {
			b := newFakeBrokers(t, 1, 1)
			tries := make(map[string]int)
			b.fault = func(_ int32, req protocol.Message) fault {
				kind := fmt.Sprintf("%T", req)
				if isProduce(req) {
					return fault{}
				}
				tries[kind]++
				if tries[kind]%4 != 0 {
					return fault{code: c}
				}
				return fault{}
			}
			s := newTestProducer(t, b.newClient(settings{}), cfg)
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
