package wire

import (
	"github.com/segmentio/kafka-go/protocol"
)

// A Metadata request gets the ids of topics: version 10, which kafka-go lacks. Nothing
// else of the answer is kept. Brokers before Kafka 2.8 lack this version, too, and close
// the connection.
type Metadata struct {
	Topics []string
	Answer []TopicID
}

// MetadataVersion is the version that a broker must support.
const MetadataVersion = 10

// A TopicID is all zeros if the broker has none.
type TopicID struct {
	Topic string
	ID    [16]byte
	Code  int16
}

// ApiKey returns Kafka's number of the request.
func (*Metadata) ApiKey() protocol.ApiKey { return protocol.Metadata }

func (*Metadata) version() (int16, bool) { return MetadataVersion, true }

func (m *Metadata) encode(w *writer) {
	w.count(len(m.Topics))
	for _, topic := range m.Topics {
		w.int64(0) // no id: the request is by name
		w.int64(0)
		w.compact(topic)
		w.tags()
	}
	w.bool(false) // make no topics
	w.bool(false) // nor tell what is allowed
	w.bool(false)
	w.tags()
}

func (m *Metadata) decode(r *reader) {
	_ = r.int32() // throttle
	for range r.compactArray() {
		r.broker()
	}
	_ = r.compact() // the cluster's id
	_ = r.int32()   // the controller
	m.Answer = nil
	for range r.compactArray() {
		t := TopicID{Code: r.int16(), Topic: r.compact()}
		r.fill(t.ID[:])
		r.discard(1) // whether it is internal
		for range r.compactArray() {
			r.partition()
		}
		_ = r.int32() // what is allowed
		r.tags()
		m.Answer = append(m.Answer, t)
	}
	_ = r.int32() // what is allowed
	r.tags()
}

// broker skips a broker.
func (r *reader) broker() {
	_ = r.int32()
	_ = r.compact() // host
	_ = r.int32()
	_ = r.compact() // rack
	r.tags()
}

// partition skips a partition.
func (r *reader) partition() {
	const numbers = 2 + 4 + 4 + 4 // code, partition, leader, its epoch
	r.discard(numbers)
	for range 3 { // replicas: all, in sync, offline
		r.discard(4 * r.count())
	}
	r.tags()
}
