package wire

import (
	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
)

// A DeleteRecords request deletes records below an offset: version 1, which kafka-go
// lacks.
type DeleteRecords struct {
	Before  []stream.Position // those of a topic side by side
	Timeout int32             // ms
	Answer  []DeletedRecords
}

// DeletedRecords is the new start of a partition.
type DeletedRecords struct {
	stream.TopicPartition
	Start int64
	Code  int16
}

// ApiKey returns Kafka's number of the request.
func (*DeleteRecords) ApiKey() protocol.ApiKey { return protocol.DeleteRecords }

func (*DeleteRecords) version() (int16, bool) { return 1, false }

func (d *DeleteRecords) encode(w *writer) {
	byTopic(w, d.Before, func(p *stream.Position) string { return p.Topic }, func(p *stream.Position) {
		w.int32(p.Partition)
		w.int64(p.Offset)
	})
	w.int32(d.Timeout)
}

func (d *DeleteRecords) decode(r *reader) {
	_ = r.int32() // throttle
	d.Answer = nil
	for range r.array() {
		topic := r.text("")
		for range r.array() {
			p := DeletedRecords{}
			p.Topic, p.Partition, p.Start, p.Code = topic, r.int32(), r.int64(), r.int16()
			d.Answer = append(d.Answer, p)
		}
	}
}
