package wire

import (
	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
)

// Kafka's numbers of requests that kafka-go doesn't know. Brokers have the first since 2.8,
// the others since 3.0; older ones close the connection.
const (
	describeProducers    protocol.ApiKey = 61
	describeTransactions protocol.ApiKey = 65
	listTransactions     protocol.ApiKey = 66
)

// A DescribeProducers request asks the leader of partitions who writes to them: version 0.
type DescribeProducers struct {
	Partitions []stream.TopicPartition // those of a topic side by side
	Answer     []DescribedProducers
}

// DescribedProducers are those of a partition.
type DescribedProducers struct {
	stream.TopicPartition
	Code      int16
	Producers []DescribedProducer
}

// A DescribedProducer is one of them.
type DescribedProducer struct {
	ID       int64
	LastTime int64 // of its last record, ms since 1970
	// FirstOffset is that of the first record of its open transaction; -1: it has none.
	FirstOffset int64
}

// ApiKey returns Kafka's number of the request.
func (*DescribeProducers) ApiKey() protocol.ApiKey { return describeProducers }

func (*DescribeProducers) version() (int16, bool) { return 0, true }

func (d *DescribeProducers) encode(w *writer) {
	w.count(len(d.Partitions))
	for _, tp := range d.Partitions {
		w.compact(tp.Topic)
		w.count(1)
		w.int32(tp.Partition)
		w.tags()
	}
	w.tags()
}

func (d *DescribeProducers) decode(r *reader) {
	_ = r.int32() // throttle
	d.Answer = nil
	for range r.compactArray() {
		topic := r.compact()
		for range r.compactArray() {
			p := DescribedProducers{TopicPartition: stream.TopicPartition{Topic: topic, Partition: r.int32()}, Code: r.int16()}
			_ = r.compact() // a message
			for range r.compactArray() {
				p.Producers = append(p.Producers, r.producer())
			}
			r.tags()
			d.Answer = append(d.Answer, p)
		}
		r.tags()
	}
	r.tags()
}

func (r *reader) producer() DescribedProducer {
	p := DescribedProducer{ID: r.int64()}
	_, _ = r.int32(), r.int32() // epoch, last sequence number
	p.LastTime = r.int64()
	_ = r.int32() // the coordinator's epoch
	p.FirstOffset = r.int64()
	r.tags()
	return p
}

// A ListTransactions request asks a broker for the transactional ids that it coordinates, of
// these producers: version 0.
type ListTransactions struct {
	Producers []int64
	Code      int16 // the answer
	Answer    []ListedTransaction
}

// A ListedTransaction is a transactional id with its producer.
type ListedTransaction struct {
	TransactionalID string
	Producer        int64
}

// ApiKey returns Kafka's number of the request.
func (*ListTransactions) ApiKey() protocol.ApiKey { return listTransactions }

func (*ListTransactions) version() (int16, bool) { return 0, true }

func (l *ListTransactions) encode(w *writer) {
	w.count(0) // in any state
	w.count(len(l.Producers))
	for _, id := range l.Producers {
		w.int64(id)
	}
	w.tags()
}

func (l *ListTransactions) decode(r *reader) {
	_ = r.int32() // throttle
	l.Code, l.Answer = r.int16(), nil
	for range r.compactArray() {
		_ = r.compact() // an unknown state
	}
	for range r.compactArray() {
		t := ListedTransaction{TransactionalID: r.compact(), Producer: r.int64()}
		_ = r.compact() // its state
		r.tags()
		l.Answer = append(l.Answer, t)
	}
	r.tags()
}

// A DescribeTransaction request describes the transaction of a transactional id: version 0.
type DescribeTransaction struct {
	TransactionalID string
	// The answer. Started is in ms since 1970; -1: there is no transaction.
	Code     int16
	Started  int64
	Producer int64
}

// ApiKey returns Kafka's number of the request.
func (*DescribeTransaction) ApiKey() protocol.ApiKey { return describeTransactions }

func (*DescribeTransaction) version() (int16, bool) { return 0, true }

func (d *DescribeTransaction) encode(w *writer) {
	w.count(1)
	w.compact(d.TransactionalID)
	w.tags()
}

func (d *DescribeTransaction) decode(r *reader) {
	_ = r.int32() // throttle
	for range r.compactArray() {
		d.Code = r.int16()
		_, _ = r.compact(), r.compact() // the id, its state
		_ = r.int32()                   // timeout
		d.Started, d.Producer = r.int64(), r.int64()
		_ = r.int16() // epoch
		for range r.compactArray() {
			_ = r.compact()
			r.discard(4 * r.count())
			r.tags()
		}
		r.tags()
	}
	r.tags()
}
