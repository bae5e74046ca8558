package produce

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A fakeLog is a partition.
type fakeLog struct {
	leader, epoch int32
	end           int64
	batches       []fakeBatch
	producers     map[int64]*fakeProducer
	sent          map[string][]byte // what came under a number
	busy          bool
}

// A fakeProducer is what a partition knows of a producer.
type fakeProducer struct {
	epoch  int16
	next   int32
	recent []fakeBatch // the last five
}

// A fakeBatch is an appended batch.
type fakeBatch struct {
	batch.Header
	records []stream.Record
	state   ending // undecided as long as its transaction is open
}

// produce answers in another order than that of the request, as brokers may.
func (b *fakeBrokers) produce(node int32, r *wire.Produce, instead kerr.Code) *wire.Produce {
	answer := *r
	answer.Answer.Partitions = nil
	for _, p := range r.Partitions {
		out := wire.ProducedPartition{TopicPartition: p.TopicPartition, BaseOffset: -1, Code: int16(instead)}
		if instead == 0 {
			base, c := b.append(node, r.Transaction, p)
			out.BaseOffset, out.Code = base, int16(c)
		}
		answer.Answer.Partitions = slices.Insert(answer.Answer.Partitions, 0, out)
	}
	return &answer
}

// append is what a leader does with a batch.
func (b *fakeBrokers) append(node int32, transaction string, p wire.ProducePartition) (int64, kerr.Code) {
	log := b.logs[p.TopicPartition]
	got := b.read(p)
	if log.leader != node {
		return -1, kerr.NotLeader
	}
	if c := b.permits(transaction, p.TopicPartition, got.Header); c != 0 {
		return -1, c
	}
	known := log.producers[got.ProducerID]
	if known == nil || known.epoch < got.ProducerEpoch {
		if got.Sequence != 0 {
			return -1, kerr.OutOfOrderSequence
		}
		known = &fakeProducer{epoch: got.ProducerEpoch}
		log.producers[got.ProducerID] = known
	}
	if known.epoch > got.ProducerEpoch {
		return -1, kerr.StaleProducerEpoch
	}
	for _, old := range known.recent {
		if old.Sequence == got.Sequence {
			return old.BaseOffset, 0
		}
	}
	if got.Sequence != known.next {
		return -1, kerr.OutOfOrderSequence
	}
	got.BaseOffset = log.end
	log.end += int64(got.Count)
	log.batches = append(log.batches, got)
	known.next = after(got.Sequence, got.Count)
	known.recent = append(known.recent, got)
	known.recent = known.recent[max(len(known.recent)-5, 0):]
	return got.BaseOffset, 0
}

// permits checks that a transactional batch belongs to the open transaction.
func (b *fakeBrokers) permits(transaction string, tp stream.TopicPartition, h batch.Header) kerr.Code {
	switch id := b.ids[transaction]; {
	case transaction == "":
		return 0
	case id == nil || id.who.id != h.ProducerID || h.ProducerEpoch < id.who.epoch:
		return kerr.StaleProducerEpoch
	case !id.parts[tp]:
		return kerr.BadTransactionState
	}
	return 0
}

// read decodes a batch, and checks that it has the same bytes as earlier ones of its
// number.
func (b *fakeBrokers) read(p wire.ProducePartition) fakeBatch {
	var r batch.Reader
	if data := p.Batch[wire.BatchRoom:]; len(data) == 0 {
		b.t.Errorf("an empty batch for %s", p.TopicPartition)
	}
	r.Reset(slices.Clone(p.Batch[wire.BatchRoom:]))
	if !r.Next() {
		b.t.Errorf("a batch for %s can't be read: %v", p.TopicPartition, r.Err())
		return fakeBatch{}
	}
	got := fakeBatch{Header: r.Header}
	for {
		var record stream.Record
		if !r.Record(&record) {
			break
		}
		got.records = append(got.records, record)
	}
	if r.Next() || r.Err() != nil || len(got.records) != int(got.Count) {
		b.t.Errorf("a batch for %s has %d records of %d: %v", p.TopicPartition, len(got.records), got.Count, r.Err())
	}
	if got.Attributes&batch.Transactional == 0 {
		got.state = commit
	}
	number := fmt.Sprint(got.ProducerID, got.ProducerEpoch, got.Sequence)
	sent := b.logs[p.TopicPartition].sent
	if before := sent[number]; before != nil && !bytes.Equal(before, p.Batch) {
		b.t.Errorf("batch %d of %s has come with other bytes before", got.Sequence, p.TopicPartition)
	}
	sent[number] = slices.Clone(p.Batch)
	return got
}

// move changes the leader of a partition; cluster.NoLeader stands for none.
func (b *fakeBrokers) move(partition, to int32) {
	log := b.logs[partOf(partition)]
	log.leader = to
	log.epoch++
}

// moveAll gives each partition the leader that to returns.
func (b *fakeBrokers) moveAll(to func(partition, leader int32) int32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range int32(len(b.logs)) {
		if leader := b.logs[partOf(i)].leader; to(i, leader) != leader {
			b.move(i, to(i, leader))
		}
	}
}

// values returns the values of a partition's records as a read_committed consumer sees
// them.
func (b *fakeBrokers) values(partition int32) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var values []string
	for _, got := range b.logs[partOf(partition)].batches {
		if got.state != commit {
			continue
		}
		for i := range got.records {
			values = append(values, string(got.records[i].Value))
		}
	}
	return values
}
