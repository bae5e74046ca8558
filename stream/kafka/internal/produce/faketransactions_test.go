package produce

import (
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A fakeID is a transactional id, as its coordinator knows it.
type fakeID struct {
	who     producerID
	last    int16 // the epoch before, if its owner has raised it
	open    bool
	ended   ending
	parts   map[stream.TopicPartition]bool
	groups  map[string]bool
	offsets map[string]map[stream.TopicPartition]int64
	busy    int // how many more requests come too early after an end
}

// transact handles requests about producer ids, transactions and groups. The caller holds
// mu.
func (b *fakeBrokers) transact(req protocol.Message, instead kerr.Code) protocol.Message {
	switch r := req.(type) {
	case *initproducerid.Request:
		who, c := b.initialise(r, instead)
		return &initproducerid.Response{ErrorCode: int16(c), ProducerID: who.id, ProducerEpoch: who.epoch}
	case *addpartitionstotxn.Request:
		return b.addPartitions(r, instead)
	case *addoffsetstotxn.Request:
		id, c := b.enter(r.TransactionalID, producerID{r.ProducerID, r.ProducerEpoch}, instead)
		if c == 0 {
			id.open = true
			id.groups[r.GroupID] = true
		}
		return &addoffsetstotxn.Response{ErrorCode: int16(c)}
	case *txnoffsetcommit.Request:
		return b.offsets(r, instead)
	case *offsetcommit.Request:
		answer := &offsetcommit.Response{}
		for _, topic := range r.Topics {
			out := offsetcommit.ResponseTopic{Name: topic.Name}
			for _, p := range topic.Partitions {
				b.setOffset(r.GroupID, stream.TopicPartition{Topic: topic.Name, Partition: p.PartitionIndex}, p.CommittedOffset)
				out.Partitions = append(out.Partitions, offsetcommit.ResponsePartition{PartitionIndex: p.PartitionIndex, ErrorCode: int16(instead)})
			}
			answer.Topics = append(answer.Topics, out)
		}
		return answer
	case *endtxn.Request:
		return &endtxn.Response{ErrorCode: int16(b.end(r, instead))}
	}
	b.t.Errorf("an unknown request: %T", req)
	return nil
}

func (b *fakeBrokers) initialise(r *initproducerid.Request, instead kerr.Code) (producerID, kerr.Code) {
	if instead != 0 {
		return noProducer(), instead
	}
	id := b.ids[r.TransactionalID]
	switch {
	case id == nil:
		b.producer++
		id = &fakeID{who: producerID{b.producer, 0}, last: -1}
		id.begin()
		if r.TransactionalID != "" {
			b.ids[r.TransactionalID] = id
		}
	case r.ProducerEpoch == -1:
		b.finish(id, abort)
		id.who.epoch, id.last = id.who.epoch+1, -1
	case r.ProducerEpoch == id.who.epoch:
		b.finish(id, abort)
		id.who.epoch, id.last = id.who.epoch+1, id.who.epoch
	case r.ProducerEpoch != id.last:
		return noProducer(), kerr.ProducerFenced
	}
	return id.who, 0
}

func (id *fakeID) begin() {
	id.open = false
	id.parts = make(map[stream.TopicPartition]bool)
	id.groups = make(map[string]bool)
	id.offsets = make(map[string]map[stream.TopicPartition]int64)
}

// enter comes first in each request of a transaction.
func (b *fakeBrokers) enter(name string, who producerID, instead kerr.Code) (*fakeID, kerr.Code) {
	id := b.ids[name]
	switch {
	case instead != 0:
		return id, instead
	case id == nil || id.who != who:
		return id, kerr.ProducerFenced
	case id.busy > 0:
		id.busy--
		return id, kerr.ConcurrentTxns
	}
	return id, 0
}

func (b *fakeBrokers) addPartitions(r *addpartitionstotxn.Request, instead kerr.Code) *addpartitionstotxn.Response {
	id, c := b.enter(r.TransactionalID, producerID{r.ProducerID, r.ProducerEpoch}, instead)
	answer := &addpartitionstotxn.Response{}
	for _, topic := range r.Topics {
		out := addpartitionstotxn.ResponseResult{Name: topic.Name}
		for i, p := range topic.Partitions {
			if c == 0 {
				id.open = true
				id.parts[stream.TopicPartition{Topic: topic.Name, Partition: p}] = true
			}
			failed := int16(c)
			if c == kerr.TopicDenied && i == 0 { // as if only others were to blame
				failed = int16(kerr.NotAttempted)
			}
			out.Results = append(out.Results, addpartitionstotxn.ResponsePartition{PartitionIndex: p, ErrorCode: failed})
		}
		answer.Results = append(answer.Results, out)
	}
	return answer
}

func (b *fakeBrokers) offsets(r *txnoffsetcommit.Request, instead kerr.Code) *txnoffsetcommit.Response {
	id := b.ids[r.TransactionalID]
	c := instead
	switch {
	case c != 0:
	case id == nil || id.who != producerID{r.ProducerID, r.ProducerEpoch}:
		c = kerr.StaleProducerEpoch
	case !id.groups[r.GroupID]:
		c = kerr.BadTransactionState
	case r.GenerationID != cluster.NoGeneration || r.MemberID != "":
		c = kerr.IllegalGeneration
	}
	answer := &txnoffsetcommit.Response{}
	for _, topic := range r.Topics {
		out := txnoffsetcommit.ResponseTopic{Name: topic.Name}
		for _, p := range topic.Partitions {
			if c == 0 {
				if id.offsets[r.GroupID] == nil {
					id.offsets[r.GroupID] = make(map[stream.TopicPartition]int64)
				}
				id.offsets[r.GroupID][stream.TopicPartition{Topic: topic.Name, Partition: p.Partition}] = p.CommittedOffset
			}
			out.Partitions = append(out.Partitions, txnoffsetcommit.ResponsePartition{Partition: p.Partition, ErrorCode: int16(c)})
		}
		answer.Topics = append(answer.Topics, out)
	}
	return answer
}

func (b *fakeBrokers) end(r *endtxn.Request, instead kerr.Code) kerr.Code {
	id, c := b.enter(r.TransactionalID, producerID{r.ProducerID, r.ProducerEpoch}, instead)
	if c != 0 {
		return c
	}
	e := abort
	if r.Committed {
		e = commit
	}
	if !id.open {
		if id.ended != e {
			return kerr.BadTransactionState
		}
		return 0
	}
	b.finish(id, e)
	id.busy = 2
	return 0
}

// finish ends a transaction in all its partitions, with a marker in each.
func (b *fakeBrokers) finish(id *fakeID, e ending) {
	if !id.open {
		return
	}
	for tp := range id.parts {
		log := b.logs[tp]
		log.end++
		for i := range log.batches {
			if got := &log.batches[i]; got.ProducerID == id.who.id && got.Attributes&batch.Transactional != 0 && got.state == undecided {
				got.state = e
			}
		}
	}
	if e == commit {
		for group, offsets := range id.offsets {
			for tp, offset := range offsets {
				b.setOffset(group, tp, offset)
			}
		}
	}
	id.ended = e
	id.begin()
}

func (b *fakeBrokers) setOffset(group string, tp stream.TopicPartition, offset int64) {
	if b.groups[group] == nil {
		b.groups[group] = make(map[stream.TopicPartition]int64)
	}
	b.groups[group][tp] = offset
}
