package produce

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

func TestAfter_WrapsAround(t *testing.T) {
	for _, c := range []struct{ number, count, want int32 }{
		{0, 1, 1}, {0, math.MaxInt32, math.MaxInt32}, {math.MaxInt32 - 1, 1, math.MaxInt32},
		{math.MaxInt32, 1, 0}, {math.MaxInt32, 3, 2}, {math.MaxInt32 - 4, 10, 5}, {math.MaxInt32, math.MaxInt32, math.MaxInt32 - 1},
	} {
		if got := after(c.number, c.count); got != c.want {
			t.Errorf("%d records from %d on are followed by %d, want %d", c.count, c.number, got, c.want)
		}
	}
}

func TestJudge_EveryCode(t *testing.T) {
	for _, c := range []struct {
		codes []kerr.Code
		want  verdict
	}{
		{[]kerr.Code{0, kerr.DuplicateSequence}, delivered},
		{[]kerr.Code{
			kerr.NotLeader, kerr.LeaderNotAvailable, kerr.UnknownTopic, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.StorageError, kerr.ReplicaNotAvailable,
			kerr.NotEnoughReplicas, kerr.NotEnoughAfterAppend, kerr.RequestTimedOut, kerr.NetworkException, kerr.CoordinatorLoading, kerr.CoordinatorNotAvailable,
			kerr.NotCoordinator, kerr.ConcurrentTxns, kerr.ThrottlingQuotaExceeded,
		}, retryLater},
		{[]kerr.Code{
			kerr.OutOfOrderSequence, kerr.UnknownProducer, kerr.StaleProducerEpoch, kerr.ProducerFenced, kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.TopicDenied,
			kerr.ClusterDenied, kerr.TransactionalDenied, kerr.BadTransactionState, kerr.InvalidRecord, kerr.CorruptMessage, -1, 9999,
		}, refused},
	} {
		for _, failed := range c.codes {
			if got := judge(failed); got != c.want {
				t.Errorf("%d (%v) is judged %d, want %d", failed, failed, got, c.want)
			}
		}
	}
}

// A sequencePartition is a partition as its leader sees it: Kafka's rules for the batches
// of one idempotent producer.
type sequencePartition struct {
	sender producerID
	next   int32
	recent []*recordBatch // the last five that were appended
	log    []*recordBatch
}

func (p *sequencePartition) append(b *recordBatch) kerr.Code {
	switch {
	case b.producer.epoch < p.sender.epoch:
		return kerr.StaleProducerEpoch
	case b.producer.epoch > p.sender.epoch:
		if b.sequence != 0 {
			return kerr.OutOfOrderSequence
		}
		p.sender, p.next, p.recent = b.producer, 0, nil
	case slices.Contains(p.recent, b):
		return 0
	}
	if b.sequence != p.next {
		return kerr.OutOfOrderSequence
	}
	p.next = after(p.next, b.count)
	p.log = append(p.log, b)
	p.recent = append(p.recent, b)
	p.recent = p.recent[max(len(p.recent)-5, 0):]
	return 0
}

// A sequenceModel drives a sequence against such a partition, over a network that loses
// requests and answers and delays some requests.
type sequenceModel struct {
	sequence  sequence
	partition sequencePartition
	by        producerID
	sent      []*recordBatch // pushed and not dropped, in order
	landed    int
	flying    *recordBatch
	late      []*recordBatch
}

func (m *sequenceModel) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"push": func(t *rapid.T) {
			p := &recordBatch{count: rapid.Int32Range(1, 1<<30).Draw(t, "count"), sequence: unsent}
			m.sequence.push(p)
			m.sent = append(m.sent, p)
		},
		"launch": m.launch,
		"arrive": func(t *rapid.T) {
			if m.flying == nil {
				t.Skip()
			}
			m.arrive(t)
		},
		"late": func(t *rapid.T) { // what was given up for lost arrives after all
			if len(m.late) > 0 {
				i := rapid.IntRange(0, len(m.late)-1).Draw(t, "which")
				m.partition.append(m.late[i])
				m.late = slices.Delete(m.late, i, i+1)
			}
		},
		"drop": m.drop,
		"bump": func(t *rapid.T) {
			if m.landed < len(m.sent) {
				t.Skip()
			}
			m.by.epoch++
		},
		"": m.check,
	}
}

func (m *sequenceModel) launch(t *rapid.T) {
	p := m.sequence.startNext(m.by)
	if (p == nil) != (m.flying != nil || m.landed == len(m.sent)) {
		t.Fatalf("launched %v with %v under way and %d to send", p, m.flying, len(m.sent)-m.landed)
	}
	if p != nil && p != m.sent[m.landed] {
		t.Fatal("not the first is launched")
	}
	if p != nil {
		m.flying = p
	}
}

func (m *sequenceModel) drop(t *rapid.T) {
	dropped := m.sequence.drop()
	m.sent = m.sent[:len(m.sent)-len(dropped)]
	for _, p := range dropped {
		if p.sequence != unsent || slices.Contains(m.partition.log, p) {
			t.Fatal("a batch was dropped that was sent")
		}
	}
}

// arrive decides what becomes of the request in flight.
func (m *sequenceModel) arrive(t *rapid.T) {
	p := m.flying
	m.flying = nil
	fate := rapid.SampledFrom([]string{"fine", "answer lost", "request lost", "late", "refused for now"}).Draw(t, "fate")
	if fate == "fine" || fate == "answer lost" {
		if c := m.partition.append(p); c != 0 {
			t.Fatalf("number %d was refused: %v", p.sequence, c)
		}
	}
	switch fate {
	case "fine":
		m.landed++
		if m.sequence.acknowledged() != p {
			t.Fatal("something else has landed")
		}
	case "late":
		m.late = append(m.late, p)
		m.sequence.failed(false)
	default:
		m.sequence.failed(fate == "refused for now")
	}
}

// check: every acknowledged batch is in the log, once and in order. There may be one more,
// which comes next.
func (m *sequenceModel) check(t *rapid.T) {
	log := m.partition.log
	if len(log) > len(m.sent) || !slices.Equal(log, m.sent[:len(log)]) {
		t.Fatalf("the log has %d batches of %d, and not those", len(log), len(m.sent))
	}
	if len(log) < m.landed || len(log) > m.landed+1 {
		t.Fatalf("%d have landed, the log has %d", m.landed, len(log))
	}
}

func TestSequenceModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := sequenceModel{by: producerID{7, 0}}
		m.partition.sender = m.by
		// Some begin shortly before the largest number.
		start := rapid.SampledFrom([]int32{0, math.MaxInt32 - 5}).Draw(t, "start")
		m.sequence.producer, m.sequence.next, m.partition.next = m.by, start, start
		t.Repeat(m.actions())
	})
}

func TestSequence_UnansweredBatchNotReused(t *testing.T) {
	var s sequence
	p := &recordBatch{count: 1, sequence: unsent}
	s.push(p)
	s.startNext(producerID{})
	s.failed(true)
	if p.stillRead {
		t.Error("an acknowledged batch is marked as still in use")
	}
	s.startNext(producerID{})
	s.failed(false)
	s.startNext(producerID{})
	s.failed(true)
	if !p.stillRead {
		t.Error("a later answer makes the first request forgotten")
	}
}
