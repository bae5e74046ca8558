package kafkasim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// brokers answer a script: a simulated cluster, or real brokers.
type brokers interface {
	// ask sends a request to a broker.
	ask(node int32, req protocol.Message) protocol.Message
	leader(tp stream.TopicPartition) int32
	coordinator(name string, transactional bool) int32
	// settle returns when all markers of the transactional id are written.
	settle(id string)
	// timeOut returns when the transaction has timed out and all its markers are written.
	timeOut(id string)
	// compact compacts a partition until done returns true.
	compact(tp stream.TopicPartition, done func() bool)
	// send sends a request that may be held, and returns a function that waits for its answer.
	send(node int32, req protocol.Message) (answer func() protocol.Message)
	// pass lets time pass until a condition holds.
	pass(is func() bool)
	// wait returns when a condition holds.
	wait(is func() bool)
}

// A script sends requests, and writes down the answers. It has its own names for topics,
// groups and producers, so that the output is the same each time.
type script struct {
	*testing.T
	brokers
	prefix  string // of names, as the brokers have them
	out     strings.Builder
	ids     map[int64]int     // producer ids, by their first appearance
	timeout time.Duration     // of transactions
	members map[string]string // the script's names of ids
}

func newScript(t *testing.T, b brokers, prefix string) *script {
	return &script{T: t, brokers: b, prefix: prefix, ids: make(map[int64]int), timeout: time.Minute, members: make(map[string]string)}
}

// who identifies a producer in its requests.
type who struct {
	id    string
	pid   int64
	epoch int16
}

func (s *script) say(format string, args ...any) {
	fmt.Fprintf(&s.out, format+"\n", args...)
}

// code returns Kafka's name of an error.
func code(c int16) string {
	switch c {
	case 0:
		return "ok"
	case errcode.OperationNotAttempted:
		return "Operation Not Attempted"
	}
	return kafkago.Error(c).Title()
}

func (s *script) name(w who) string {
	if w.pid < 0 {
		return w.id + " new"
	}
	n, ok := s.ids[w.pid]
	if !ok {
		n = len(s.ids) + 1
		s.ids[w.pid] = n
	}
	return fmt.Sprintf("%s P%d.%d", w.id, n, w.epoch)
}

func (s *script) real(name string) string {
	if name == "" {
		return ""
	}
	return s.prefix + name
}

func (s *script) tp(topic string, partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: s.real(topic), Partition: partition}
}

func (s *script) topic(name string, partitions int32, configs ...createtopics.RequestConfig) {
	answer := s.ask(1, &createtopics.Request{TimeoutMs: 10000, Topics: []createtopics.RequestTopic{{
		Name: s.real(name), NumPartitions: partitions, ReplicationFactor: 1, Configs: configs,
	}}}).(*createtopics.Response)
	s.say("create %s of %d: %s", name, partitions, code(answer.Topics[0].ErrorCode))
	if answer.Topics[0].ErrorCode == 0 {
		s.wait(func() bool { return s.has(name) })
		for i := range partitions {
			s.listed(s.tp(name, i), 0, latest) // each leader knows that it leads
		}
	}
}

// has reports whether the broker knows a topic.
func (s *script) has(topic string) bool {
	t := s.ask(1, &metadata.Request{TopicNames: []string{s.real(topic)}}).(*metadata.Response).Topics[0]
	return t.ErrorCode == 0 && !slices.ContainsFunc(t.Partitions, func(p metadata.ResponsePartition) bool { return p.LeaderID < 0 })
}

func (s *script) coordinatorOf(id string) int32 {
	if id == "" {
		return 1
	}
	return s.coordinator(s.real(id), true)
}

// newcomer returns a producer that has only a transactional id.
func newcomer(id string) who { return who{id, -1, -1} }

// initialise requests an id and an epoch. After an error it returns w.
func (s *script) initialise(w who) who {
	a := s.ask(s.coordinatorOf(w.id), &initproducerid.Request{
		TransactionalID: s.real(w.id), TransactionTimeoutMs: int32(s.timeout.Milliseconds()), ProducerID: w.pid, ProducerEpoch: w.epoch,
	}).(*initproducerid.Response)
	if a.ErrorCode != 0 {
		s.say("init %s: %s", s.name(w), code(a.ErrorCode))
		return w
	}
	got := who{w.id, a.ProducerID, a.ProducerEpoch}
	s.say("init %s: %s", s.name(w), s.name(got))
	return got
}

func (s *script) add(w who, topic string, partitions ...int32) {
	a := s.ask(s.coordinatorOf(w.id), &addpartitionstotxn.Request{
		TransactionalID: s.real(w.id), ProducerID: w.pid, ProducerEpoch: w.epoch,
		Topics: []addpartitionstotxn.RequestTopic{{Name: s.real(topic), Partitions: partitions}},
	}).(*addpartitionstotxn.Response)
	for _, t := range a.Results {
		slices.SortFunc(t.Results, func(a, b addpartitionstotxn.ResponsePartition) int {
			return cmp.Compare(a.PartitionIndex, b.PartitionIndex)
		})
		for _, p := range t.Results {
			s.say("add %s %s/%d: %s", s.name(w), topic, p.PartitionIndex, code(p.ErrorCode))
		}
	}
}

func (s *script) addOffsets(w who, group string) {
	a := s.ask(s.coordinatorOf(w.id), &addoffsetstotxn.Request{
		TransactionalID: s.real(w.id), ProducerID: w.pid, ProducerEpoch: w.epoch, GroupID: s.real(group),
	}).(*addoffsetstotxn.Response)
	s.say("add %s group %s: %s", s.name(w), group, code(a.ErrorCode))
}

func (s *script) end(w who, commit bool) {
	a := s.ask(s.coordinatorOf(w.id), &endtxn.Request{
		TransactionalID: s.real(w.id), ProducerID: w.pid, ProducerEpoch: w.epoch, Committed: commit,
	}).(*endtxn.Response)
	s.say("end %s commit %t: %s", s.name(w), commit, code(a.ErrorCode))
}

// settled ends the transaction, and waits for its markers.
func (s *script) settled(w who, commit bool) {
	s.end(w, commit)
	s.settle(s.real(w.id))
}

func (s *script) txnCommit(w who, group string, generation int32, topic string, offset int64, partitions ...int32) {
	t := txnoffsetcommit.RequestTopic{Name: s.real(topic)}
	for _, p := range partitions {
		t.Partitions = append(t.Partitions, txnoffsetcommit.RequestPartition{Partition: p, CommittedOffset: offset, CommittedLeaderEpoch: -1})
	}
	a := s.ask(s.coordinator(s.real(group), false), &txnoffsetcommit.Request{
		TransactionalID: s.real(w.id), ProducerID: w.pid, ProducerEpoch: w.epoch, GroupID: s.real(group), GenerationID: generation,
		Topics: []txnoffsetcommit.RequestTopic{t},
	}).(*txnoffsetcommit.Response)
	for _, t := range a.Topics {
		slices.SortFunc(t.Partitions, func(a, b txnoffsetcommit.ResponsePartition) int { return cmp.Compare(a.Partition, b.Partition) })
		for _, p := range t.Partitions {
			s.say("offset %s group %s %s/%d at %d: %s", s.name(w), group, topic, p.Partition, offset, code(p.ErrorCode))
		}
	}
}

func (s *script) commit(group string, generation int32, topic string, partition int32, offset int64) {
	a := s.ask(s.coordinator(s.real(group), false), &offsetcommit.Request{
		GroupID: s.real(group), GenerationID: generation,
		Topics: []offsetcommit.RequestTopic{{Name: s.real(topic), Partitions: []offsetcommit.RequestPartition{
			{PartitionIndex: partition, CommittedOffset: offset, CommittedLeaderEpoch: -1},
		}}},
	}).(*offsetcommit.Response)
	s.say("offset group %s %s/%d at %d: %s", group, topic, partition, offset, code(a.Topics[0].Partitions[0].ErrorCode))
}

func (s *script) offsets(group, topic string, partitions ...int32) {
	req := &wire.OffsetFetch{Group: s.real(group)}
	for _, p := range partitions {
		req.Partitions = append(req.Partitions, s.tp(topic, p))
	}
	a := s.ask(s.coordinator(s.real(group), false), req).(*wire.OffsetFetch)
	s.say("offsets of %s: %s", group, code(a.Answer.Code))
	for _, p := range a.Answer.Partitions {
		s.say("  %s/%d at %d: %s", topic, p.Partition, p.Offset, code(p.Code))
	}
}

// A load is a batch to send.
type load struct {
	transactional bool
	sequence      int32
	values        []string
	key           string // "" for none
	at            time.Time
	entries       map[string]string // instead of values, by key; "" is a tombstone
}

// txn is a batch of a transaction.
func txn(sequence int32, values ...string) load {
	return load{transactional: true, sequence: sequence, values: values, key: "k", at: time.Now()}
}

// plain is a batch without a transaction.
func plain(sequence int32, values ...string) load {
	return load{sequence: sequence, values: values, key: "k", at: time.Now()}
}

func (l load) batch(w who, partition int32) []byte {
	b := batch.Builder{LeaderEpoch: -1}
	if l.transactional {
		b.Attributes = batch.Transactional
	}
	b.Start(make([]byte, wire.BatchRoom))
	b.SetProducer(w.pid, w.epoch, l.sequence)
	for _, key := range slices.Sorted(maps.Keys(l.entries)) {
		r := stream.Record{Key: []byte(key), Time: l.at.UnixMilli()}
		if v := l.entries[key]; v != "" {
			r.Value = []byte(v)
		}
		b.Append(&r)
	}
	for _, v := range l.values {
		r := stream.Record{Value: []byte(v), Time: l.at.UnixMilli()}
		if l.key != "" {
			r.Key = []byte(l.key)
		}
		b.Append(&r)
	}
	bytes, err := b.Finish(0)
	if err != nil {
		panic(err)
	}
	wire.Address(bytes, partition)
	return bytes
}

func (s *script) produce(w who, topic string, partition int32, l load) {
	tp := s.tp(topic, partition)
	req := &wire.Produce{Timeout: 10000, Partitions: []wire.ProducePartition{{TopicPartition: tp, Batch: l.batch(w, partition)}}}
	if l.transactional {
		req.Transaction = s.real(w.id)
	}
	a := s.ask(s.leader(tp), req).(*wire.Produce)
	p := a.Answer.Partitions[0]
	s.say("produce %s %s/%d #%d+%d: %s at %d", s.name(w), topic, partition, l.sequence, len(l.values)+len(l.entries), code(p.Code), p.BaseOffset)
}
