package wire

import (
	"slices"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
)

// An OffsetFetch request gets the committed offsets of a group: version 7, which kafka-go
// lacks. RequireStable makes the broker refuse, for a retry, while a transaction with one
// of them is open.
type OffsetFetch struct {
	Group      string
	Partitions []stream.TopicPartition // those of a topic side by side
	Answer     OffsetFetchAnswer
}

// An OffsetFetchAnswer has the group's offsets.
type OffsetFetchAnswer struct {
	Code       int16
	Partitions []CommittedOffset
}

// A CommittedOffset is -1 if there is none.
type CommittedOffset struct {
	stream.TopicPartition
	Offset int64
	Code   int16
}

// ApiKey returns Kafka's number of the request.
func (*OffsetFetch) ApiKey() protocol.ApiKey { return protocol.OffsetFetch }

func (*OffsetFetch) version() (int16, bool) { return 7, true }

func (f *OffsetFetch) encode(w *writer) {
	w.compact(f.Group)
	topics := slices.Collect(runs(f.Partitions))
	w.count(len(topics))
	for _, run := range topics {
		w.compact(run[0].Topic)
		w.count(len(run))
		for _, p := range run {
			w.int32(p.Partition)
		}
		w.tags()
	}
	w.bool(true)
	w.tags()
}

// runs divides a list into the partitions of each topic.
func runs(list []stream.TopicPartition) func(yield func([]stream.TopicPartition) bool) {
	return func(yield func([]stream.TopicPartition) bool) {
		for begin := 0; begin < len(list); {
			end := begin + 1
			for end < len(list) && list[end].Topic == list[begin].Topic {
				end++
			}
			if !yield(list[begin:end]) {
				return
			}
			begin = end
		}
	}
}

func (f *OffsetFetch) decode(r *reader) {
	_ = r.int32() // throttle
	f.Answer.Partitions = nil
	for range r.compactArray() {
		topic := r.compact()
		for range r.compactArray() {
			p := CommittedOffset{}
			p.Topic, p.Partition, p.Offset = topic, r.int32(), r.int64()
			_ = r.int32()   // leader epoch
			_ = r.compact() // metadata
			p.Code = r.int16()
			r.tags()
			f.Answer.Partitions = append(f.Answer.Partitions, p)
		}
		r.tags()
	}
	f.Answer.Code = r.int16()
	r.tags()
}
