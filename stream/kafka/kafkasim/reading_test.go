package kafkasim

import (
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go/protocol/listoffsets"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// read writes down what a read_committed consumer gets of a partition.
func (s *script) read(topic string, partition int32, offset int64) {
	s.say("read %s/%d from %d", topic, partition, offset)
	s.fetch(&wire.Fetch{MaxBytes: 1 << 20, MinBytes: 1, Epoch: -1, Partitions: []wire.FetchPartition{
		{TopicPartition: s.tp(topic, partition), Offset: offset, LeaderEpoch: -1, MaxBytes: 1 << 20},
	}})
}

// fetch sends a fetch to one leader.
func (s *script) fetch(f *wire.Fetch) *wire.Fetch {
	f.Take = func(n int) []byte { return make([]byte, n) }
	node := int32(1)
	if len(f.Partitions) > 0 {
		node = s.leader(f.Partitions[0].TopicPartition)
	}
	f = s.ask(node, f).(*wire.Fetch)
	a := &f.Answer
	if a.Code != 0 {
		s.say("  %s", code(a.Code))
	}
	for i := range a.Partitions {
		p := &a.Partitions[i]
		s.say("  %s/%d: %s, start %d stable %d end %d", strings.TrimPrefix(p.Topic, s.prefix), p.Partition, code(p.Code), p.Start, p.StableEnd, p.FetchedEnd)
		for _, b := range p.Aborted {
			s.say("    aborted %s from %d", s.name(who{"", b.Producer, 0}), b.FirstOffset)
		}
		s.batches(p.Records)
	}
	return f
}

func (s *script) batches(records []byte) {
	var r batch.Reader
	r.Reset(records)
	for r.Next() {
		line := fmt.Sprintf("    %d-%d", r.BaseOffset, r.Header.Next()-1)
		if r.ProducerID >= 0 {
			line += fmt.Sprintf(" %s #%d", s.name(who{"", r.ProducerID, r.ProducerEpoch}), r.Sequence)
		}
		if r.Attributes&batch.Transactional != 0 {
			line += " txn"
		}
		var record stream.Record
		for r.Record(&record) {
			if r.Attributes&batch.Control != 0 {
				line += fmt.Sprintf(" marker %d %d", record.Key, len(record.Value))
				continue
			}
			line += fmt.Sprintf(" %d:%.20s", record.Offset, record.Value)
		}
		s.say("%s", line)
	}
	if r.Err() != nil || r.UnreadBytes() > 0 {
		s.say("    cut: %t, %v", r.UnreadBytes() > 0, r.Err())
	}
}

func (s *script) list(topic string, partition int32, isolation int8, at int64) {
	p := s.listed(s.tp(topic, partition), isolation, at)
	s.say("list %s/%d isolation %d: %s, %d", topic, partition, isolation, code(p.ErrorCode), p.Offset)
}

func (s *script) listed(tp stream.TopicPartition, isolation int8, at int64) listoffsets.ResponsePartition {
	return s.ask(s.leader(tp), &listoffsets.Request{ReplicaID: -1, IsolationLevel: isolation, Topics: []listoffsets.RequestTopic{
		{Topic: tp.Topic, Partitions: []listoffsets.RequestPartition{{Partition: tp.Partition, CurrentLeaderEpoch: -1, Timestamp: at}}},
	}}).(*listoffsets.Response).Topics[0].Partitions[0]
}

func (s *script) deleteRecords(topic string, partition int32, before int64) {
	tp := s.tp(topic, partition)
	a := s.ask(s.leader(tp), &wire.DeleteRecords{Before: []stream.Position{{TopicPartition: tp, Offset: before}}, Timeout: 10000}).(*wire.DeleteRecords)
	s.say("delete %s/%d before %d: %s, start %d", topic, partition, before, code(a.Answer[0].Code), a.Answer[0].Start)
}
