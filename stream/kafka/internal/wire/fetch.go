package wire

import (
	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// A Fetch request fetches records of many partitions: version 11, with a fetch session
// (KIP-227), of committed transactions only.
type Fetch struct {
	MaxWait  int32 // ms that the broker may wait for MinBytes
	MinBytes int32
	MaxBytes int32 // of the whole answer; a single larger batch is sent all the same
	// Session and Epoch are those of the fetch session: 0 and 0 begin a session, 0 and -1
	// use none. Within a session, Partitions are those that are new or changed, and
	// Forgotten those that are dropped.
	Session    int32
	Epoch      int32
	Partitions []FetchPartition // those of a topic side by side
	Forgotten  []stream.TopicPartition

	// Take returns memory for n bytes of records. It is called while the answer arrives.
	Take func(n int) []byte
	// Answer is the response. The next exchange reuses its memory, except Records.
	Answer FetchAnswer

	taken int // bytes of records in the answer so far
}

// A FetchPartition is the request for a partition.
type FetchPartition struct {
	stream.TopicPartition
	LeaderEpoch int32 // -1: unknown
	Offset      int64
	MaxBytes    int32
}

// A FetchAnswer is the answer to a Fetch.
type FetchAnswer struct {
	Throttle   int32 // ms
	Code       int16
	Session    int32
	Partitions []FetchedPartition
}

// A FetchedPartition is a partition's part of the answer.
type FetchedPartition struct {
	stream.TopicPartition
	Code       int16
	StableEnd  int64 // the last stable offset: where committed records end
	Start      int64 // of the log; -1: unknown
	Aborted    []Aborted
	Records    []byte // batches, the last one maybe cut short; nil if there are none
	FetchedEnd int64  // the high watermark
}

// Aborted is an aborted transaction with records in the answer.
type Aborted struct {
	Producer    int64
	FirstOffset int64
}

// ApiKey returns Kafka's number of the request.
func (*Fetch) ApiKey() protocol.ApiKey { return protocol.Fetch }

func (*Fetch) version() (int16, bool) { return 11, false }

const (
	consumerReplica = -1
	readCommitted   = 1
)

func (f *Fetch) encode(w *writer) {
	w.int32(consumerReplica)
	w.int32(f.MaxWait)
	w.int32(f.MinBytes)
	w.int32(f.MaxBytes)
	w.int8(readCommitted)
	w.int32(f.Session)
	w.int32(f.Epoch)
	byTopic(w, f.Partitions, func(p *FetchPartition) string { return p.Topic }, func(p *FetchPartition) {
		w.int32(p.Partition)
		w.int32(p.LeaderEpoch)
		w.int64(p.Offset)
		w.int64(-1) // the log's start, which only followers tell
		w.int32(p.MaxBytes)
	})
	byTopic(w, f.Forgotten, func(p *stream.TopicPartition) string { return p.Topic }, func(p *stream.TopicPartition) {
		w.int32(p.Partition)
	})
	w.string("") // rack
}

// byTopic writes a flat list as an array of topics with an array of partitions each.
func byTopic[P any](w *writer, list []P, topic func(*P) string, partition func(*P)) {
	setTopics := w.placeholder()
	topics, partitions := int32(0), int32(0)
	var setPartitions func(int32)
	for i := range list {
		if t := topic(&list[i]); i == 0 || t != topic(&list[i-1]) {
			if i > 0 {
				setPartitions(partitions)
			}
			w.string(t)
			setPartitions = w.placeholder()
			topics++
			partitions = 0
		}
		partition(&list[i])
		partitions++
	}
	if partitions > 0 {
		setPartitions(partitions)
	}
	setTopics(topics)
}

func (f *Fetch) decode(r *reader) {
	a := &f.Answer
	f.taken = 0
	a.Throttle = r.int32()
	a.Code = r.int16()
	a.Session = r.int32()
	n := 0
	for range r.array() {
		topic := r.text(f.topicAt(n))
		for range r.array() {
			if n == len(a.Partitions) {
				a.Partitions = append(a.Partitions, FetchedPartition{})
			}
			p := &a.Partitions[n]
			p.Topic = topic
			f.partition(r, p)
			n++
		}
	}
	clear(a.Partitions[n:])
	a.Partitions = a.Partitions[:n]
}

// topicAt returns the topic at the same place of the previous answer, which usually is the
// same.
func (f *Fetch) topicAt(n int) string {
	if all := f.Answer.Partitions; n < len(all) {
		return all[n].Topic
	}
	return ""
}

func (f *Fetch) partition(r *reader, p *FetchedPartition) {
	p.Partition = r.int32()
	p.Code = r.int16()
	p.FetchedEnd = r.int64()
	p.StableEnd = r.int64()
	p.Start = r.int64()
	p.Aborted = p.Aborted[:0]
	for range r.array() {
		p.Aborted = append(p.Aborted, Aborted{Producer: r.int64(), FirstOffset: r.int64()})
	}
	_ = r.int32() // the replica to prefer
	p.Records = nil
	if size := r.length(); size > 0 {
		f.take(r, p, size)
	}
}

// take reads the records of a partition. No broker has a reason to send more than was
// requested, except a single batch of any size. Of a batch beyond [batch.Limit] it keeps
// the header, and of an answer beyond that nothing. What isn't kept is fetched again.
func (f *Fetch) take(r *reader, p *FetchedPartition, size int) {
	keep, header := size, r.tmp[:0]
	if size > batch.Limit {
		keep, header = batch.Limit, r.tmp[:batch.HeaderSize]
		r.records(header)
		var h batch.Header
		if ok, err := batch.ParseHeader(header, &h); !ok || err != nil || h.Size > batch.Limit {
			keep = batch.HeaderSize
		}
	}
	if most := int(f.MaxBytes) + batch.Limit; f.taken+keep > most {
		r.discard(size - len(header))
		return
	}
	f.taken += keep
	p.Records = f.Take(keep)[:keep]
	r.records(p.Records[copy(p.Records, header):])
	r.discard(size - keep)
}
