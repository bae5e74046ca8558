package wire

import (
	"encoding/binary"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
)

// A Produce request appends a record batch to each of some partitions: version 8. The
// answer comes when all in-sync replicas have them.
type Produce struct {
	Transaction string             // the transactional id; "" for none
	Timeout     int32              // ms that the leader waits for its followers
	Partitions  []ProducePartition // those of a topic side by side
	Answer      ProduceAnswer
}

// A ProducePartition is a batch for a partition.
type ProducePartition struct {
	stream.TopicPartition
	Batch []byte // after its room, which Address has filled; unchanged until the answer
}

// BatchRoom is the number of free bytes before a batch, for its partition and size, so
// that all is written in one piece.
const BatchRoom = 8

// Address fills the room before a batch.
func Address(batch []byte, partition int32) {
	binary.BigEndian.PutUint32(batch, uint32(partition))
	binary.BigEndian.PutUint32(batch[4:], uint32(len(batch)-BatchRoom))
}

// A ProduceAnswer is the answer to a Produce.
type ProduceAnswer struct {
	Throttle   int32 // ms
	Partitions []ProducedPartition
}

// A ProducedPartition is a batch's part of the answer.
type ProducedPartition struct {
	stream.TopicPartition
	Code       int16
	BaseOffset int64
	Message    string
}

// ApiKey returns Kafka's number of the request.
func (*Produce) ApiKey() protocol.ApiKey { return protocol.Produce }

func (*Produce) version() (int16, bool) { return 8, false }

const allInSync = -1

func (p *Produce) encode(w *writer) {
	w.nullable(p.Transaction)
	w.int16(allInSync)
	w.int32(p.Timeout)
	byTopic(w, p.Partitions, func(p *ProducePartition) string { return p.Topic }, func(p *ProducePartition) {
		w.refer(p.Batch)
	})
}

func (p *Produce) decode(r *reader) {
	a := &p.Answer
	a.Partitions = a.Partitions[:0]
	for range r.array() {
		topic := r.text(p.topicAt(len(a.Partitions)))
		for range r.array() {
			out := ProducedPartition{}
			out.Topic, out.Partition, out.Code, out.BaseOffset = topic, r.int32(), r.int16(), r.int64()
			_, _ = r.int64(), r.int64() // append time, start of the log
			for range r.array() {
				_ = r.int32() // index of a bad record
				out.Message = r.text("")
			}
			if m := r.text(""); m != "" {
				out.Message = m
			}
			a.Partitions = append(a.Partitions, out)
		}
	}
	a.Throttle = r.int32()
}

// topicAt returns the topic at the same place of the request, which usually is the same.
func (p *Produce) topicAt(n int) string {
	if n < len(p.Partitions) {
		return p.Partitions[n].Topic
	}
	return ""
}
