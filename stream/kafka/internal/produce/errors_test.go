package produce

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/endtxn"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A finalError is an answer that ends a producer.
type finalError struct {
	request string // to the first of which the broker says code
	code    kerr.Code
	want    []string // are in the error
	fenced  bool     // is what it means
}

func TestProducer_FinalErrors(t *testing.T) {
	for name, c := range map[string]finalError{
		"too large":         {"wire.Produce", kerr.MessageTooLarge, []string{"topic/", "max.message.bytes"}, false},
		"not allowed":       {"wire.Produce", kerr.TopicDenied, []string{"topic/", "Write", `"topic"`}, false},
		"no key":            {"wire.Produce", kerr.InvalidRecord, []string{"topic/", "key"}, false},
		"no time":           {"wire.Produce", kerr.BadTimestamp, []string{"topic/", "message.timestamp.after.max.ms"}, false},
		"out of order":      {"wire.Produce", kerr.OutOfOrderSequence, []string{"topic/"}, false},
		"unknown producer":  {"wire.Produce", kerr.UnknownProducer, []string{"topic/"}, false},
		"a newer epoch":     {"wire.Produce", kerr.StaleProducerEpoch, []string{"30s"}, true},
		"a newer producer":  {"addpartitionstotxn.Request", kerr.ProducerFenced, nil, true},
		"no such topic":     {"addpartitionstotxn.Request", kerr.TopicDenied, []string{"topic/", "Write"}, false},
		"no transaction":    {"addpartitionstotxn.Request", kerr.TransactionalDenied, []string{`transactional id "id"`}, false},
		"no group":          {"addoffsetstotxn.Request", kerr.GroupDenied, []string{"Read", `group "g"`}, false},
		"a group's topic":   {"txnoffsetcommit.Request", kerr.TopicDenied, []string{"Read", "topic/0"}, false},
		"another's commit":  {"txnoffsetcommit.Request", kerr.StaleProducerEpoch, []string{"group g"}, true},
		"fenced at the end": {"endtxn.Request", kerr.ProducerFenced, []string{"committing"}, true},
		"a broken end":      {"endtxn.Request", kerr.BadTransactionState, []string{"committing"}, false},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, c.test) })
	}
}

func (c *finalError) test(t *testing.T) {
	b := newFakeBrokers(t, 1, 2)
	s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{ID: "id"})
	first := true
	b.fault = func(_ int32, req protocol.Message) fault {
		if first && fmt.Sprintf("%T", req) == "*"+c.request {
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
	wantParts(t, err, append(c.want, "producer id")...)
	for what, again := range map[string]error{
		"Send": s.topic.Send(0, &stream.Record{}), "Flush": s.Flush(t.Context()), "Abort": s.Abort(t.Context()),
	} {
		if again == nil || again.Error() != err.Error() {
			t.Errorf("%s says %v after %v", what, again, err)
		}
	}
	c.checkClose(s, b)
}

// checkClose checks that nothing is committed, and that nothing is open but what another
// producer owns.
func (c *finalError) checkClose(s *testProducer, b *fakeBrokers) {
	if err := s.Close(); err != nil {
		s.t.Error(err)
	}
	if open := b.ids["id"].open; open == !c.fenced && c.request != "addpartitionstotxn.Request" {
		s.t.Errorf("after Close the transaction is open: %v", open)
	}
	for i := range int32(2) {
		if values := b.values(i); len(values) > 0 {
			s.t.Errorf("%d records of partition %d are committed", len(values), i)
		}
	}
}

func wantParts(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q doesn't mention %q", err, part)
		}
	}
}

func TestProducer_PatienceEnds(t *testing.T) {
	for name, c := range map[string]struct {
		fault fault
		want  []string
	}{
		"no replicas":   {fault{code: kerr.NotEnoughReplicas}, []string{"topic/0", "replicas"}},
		"no broker":     {fault{reset: true, lost: true}, []string{"topic/0", "broker 0", "connection reset"}},
		"no answer":     {fault{hang: true, lost: true}, []string{"topic/0", "broker 0"}},
		"a topic gone":  {fault{code: kerr.UnknownTopic}, []string{"topic/0"}},
		"a leader gone": {fault{code: kerr.NotLeader}, []string{"topic/0"}},
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, cfg stream.ProducerConfig) { testPatience(t, cfg, c.fault, c.want) })
		})
	}
}

// testPatience makes every batch fail.
func testPatience(t *testing.T, cfg stream.ProducerConfig, f fault, want []string) {
	b := newFakeBrokers(t, 1, 1)
	s := newTestProducer(t, b.newClient(settings{}), cfg)
	b.fault = func(_ int32, req protocol.Message) fault {
		if isProduce(req) {
			return f
		}
		return fault{}
	}
	began := time.Now()
	s.send(2*batchOf, 1000)
	_, err := s.Commit(t.Context(), stream.GroupOffsets{})
	if err == nil {
		t.Fatal("there is no error")
	}
	wantParts(t, err, append(want, "tried for 2m")...)
	if took := time.Since(began); took < 2*time.Minute || took > 2*time.Minute+30*time.Second {
		t.Errorf("took %s", took)
	}
	if asked := len(b.received); asked > 300 {
		t.Errorf("brokers were asked %d times", asked)
	}
}

func TestProducer_Fenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBrokers(t, 2, 4)
		sys := b.newClient(settings{})
		old := newTestProducer(t, sys, stream.ProducerConfig{ID: "id"})
		old.send(2*batchOf, 1000)
		other := newTestProducer(t, sys, stream.ProducerConfig{})
		next := newTestProducer(t, sys, stream.ProducerConfig{ID: "id"})
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

// A coordinator that fails at the end of a transaction may have ended it or not. The retry
// tells: it has ended, or another producer has taken over.
func TestCommit_EndTxnFails(t *testing.T) {
	for name, takenOver := range map[string]bool{"alone": false, "with a new owner": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testTheEndFails(t, takenOver) })
		})
	}
}

func testTheEndFails(t *testing.T, takenOver bool) {
	b := newFakeBrokers(t, 1, 2)
	s := newTestProducer(t, b.newClient(settings{}), stream.ProducerConfig{ID: "id"})
	ends := 0
	b.fault = func(_ int32, req protocol.Message) fault {
		if _, end := req.(*endtxn.Request); !end {
			return fault{}
		}
		if ends++; ends > 1 {
			return fault{}
		}
		if takenOver {
			b.ids["id"].who.epoch++
		}
		return fault{code: kerr.ServerError}
	}
	s.send(10, 100)
	if !takenOver {
		s.commit()
		s.send(10, 100) // goes on, in an epoch of its own
		s.commit()
		s.check(b)
		return
	}
	if _, err := s.Commit(t.Context(), stream.GroupOffsets{}); !errors.Is(err, stream.ErrFenced) || ends != 2 {
		t.Errorf("the error is %v, after %d requests", err, ends)
	}
}
