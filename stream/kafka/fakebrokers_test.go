package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// fakeBrokers are brokers within the test, as a producer sees them: with Kafka's
// rules for sequences and transactions, and whatever faults the test wants. They
// are strict: a batch that comes twice with other bytes, a second request for a
// partition before the first has ended, or a batch whose memory was used again
// before it arrived, fails the test.
type fakeBrokers struct {
	t *testing.T
	// fault says what goes wrong with an exchange. It is called with mu held. nil:
	// nothing does.
	fault func(node int32, req protocol.Message) fault

	mu       sync.Mutex
	nodes    int32
	settings map[string]string // of every topic
	logs     map[stream.TopicPartition]*fakeLog
	ids      map[string]*fakeID
	groups   map[string]map[stream.TopicPartition]int64
	producer int64 // the last id that was given
	asked    []fakeCall
	late     sync.WaitGroup
}

// A fakeCall is a request that a broker was sent.
type fakeCall struct {
	node int32
	req  protocol.Message
}

// A fault is what goes wrong with an exchange.
type fault struct {
	hang  bool          // there is no answer, until the client gives up
	reset bool          // the connection breaks before there is an answer
	lost  bool          // then the request hasn't arrived either
	late  time.Duration // or it arrives that much later
	code  code          // what the broker answers instead of doing it
	after time.Duration // how long the broker takes
}

// A fakeLog is a partition.
type fakeLog struct {
	leader, epoch int32
	end           int64
	batches       []fakeBatch
	producers     map[int64]*fakeProducer
	sent          map[string][]byte // what came under a number
	busy          bool
}

// A fakeProducer is what a partition knows of one.
type fakeProducer struct {
	epoch  int16
	next   int32
	recent []fakeBatch // the last five
}

// A fakeBatch is one that was appended.
type fakeBatch struct {
	batch.Header
	records []stream.Record
	state   ending // undecided as long as its transaction is open
}

// newFakeBrokers have one topic, which brokers lead in turn.
func newFakeBrokers(t *testing.T, nodes, partitions int32) *fakeBrokers {
	b := &fakeBrokers{
		t: t, nodes: nodes, settings: map[string]string{cleanupPolicy: "delete", maxMessage: "1048588"},
		logs: make(map[stream.TopicPartition]*fakeLog), ids: make(map[string]*fakeID),
		groups: make(map[string]map[stream.TopicPartition]int64), producer: 1000,
	}
	for i := range partitions {
		b.logs[partOf(i)] = &fakeLog{leader: i % nodes, producers: make(map[int64]*fakeProducer), sent: make(map[string][]byte)}
	}
	return b
}

// partOf is a partition of the topic.
func partOf(partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: "topic", Partition: partition}
}

// system is a client of the brokers. It is closed with the test.
func (b *fakeBrokers) system(opts Options) *System {
	s := newSystem(newFakeLink(b.serve), opts)
	b.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.t.Error(err)
		}
		b.late.Wait()
	})
	return s
}

var errReset = errors.New("connection reset by peer")

func (b *fakeBrokers) serve(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error) {
	b.mu.Lock()
	b.asked = append(b.asked, fakeCall{node, req})
	f := fault{}
	if b.fault != nil {
		f = b.fault(node, req)
	}
	b.mu.Unlock()
	defer b.once(req)()
	if err := wait(ctx, f.after); err != nil {
		return nil, err
	}
	var answer protocol.Message
	switch {
	case f.late > 0:
		b.late.Go(func() {
			_ = wait(context.Background(), f.late)
			b.carryOut(node, req, 0)
		})
	case !f.lost:
		answer = b.carryOut(node, req, f.code)
	}
	switch {
	case f.hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case f.reset || answer == nil:
		return nil, errReset
	}
	if p, ok := req.(*wire.Produce); ok {
		p.Answer = answer.(*wire.Produce).Answer
		return p, nil
	}
	return answer, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// once checks that no two requests for a partition are under way.
func (b *fakeBrokers) once(req protocol.Message) (end func()) {
	p, ok := req.(*wire.Produce)
	if !ok {
		return func() {}
	}
	all := slices.Clone(p.Partitions)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, q := range all {
		if log := b.logs[q.TopicPartition]; log.busy {
			b.t.Errorf("two batches for %s are under way", q.TopicPartition)
		}
		b.logs[q.TopicPartition].busy = true
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, q := range all {
			b.logs[q.TopicPartition].busy = false
		}
	}
}

// carryOut does what a request asks for, or answers with a code instead.
func (b *fakeBrokers) carryOut(node int32, req protocol.Message, instead code) protocol.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch r := req.(type) {
	case *metadata.Request:
		return b.metadata(r)
	case *findcoordinator.Request:
		return &findcoordinator.Response{ErrorCode: int16(instead), NodeID: 0}
	case *describeconfigs.Request:
		return b.configs(r, instead)
	case *wire.Produce:
		return b.produce(node, r, instead)
	}
	return b.transact(req, instead)
}

func (b *fakeBrokers) metadata(r *metadata.Request) *metadata.Response {
	answer := &metadata.Response{ClusterID: "fake"}
	for i := range b.nodes {
		answer.Brokers = append(answer.Brokers, metadata.ResponseBroker{NodeID: i, Host: "fake", Port: i + 1})
	}
	for _, name := range r.TopicNames {
		topic := metadata.ResponseTopic{Name: name, ErrorCode: int16(unknownTopic)}
		for i := int32(0); b.logs[stream.TopicPartition{Topic: name, Partition: i}] != nil; i++ {
			log := b.logs[stream.TopicPartition{Topic: name, Partition: i}]
			topic.ErrorCode = 0
			topic.Partitions = append(topic.Partitions, metadata.ResponsePartition{PartitionIndex: i, LeaderID: log.leader, LeaderEpoch: log.epoch})
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

func (b *fakeBrokers) configs(r *describeconfigs.Request, instead code) *describeconfigs.Response {
	answer := &describeconfigs.Response{}
	for _, of := range r.Resources {
		resource := describeconfigs.ResponseResource{ErrorCode: int16(instead), ResourceName: of.ResourceName}
		for name, value := range b.settings {
			if instead == 0 {
				resource.ConfigEntries = append(resource.ConfigEntries, describeconfigs.ResponseConfigEntry{ConfigName: name, ConfigValue: value})
			}
		}
		answer.Resources = append(answer.Resources, resource)
	}
	return answer
}

// produce answers in another order than it was asked, as a broker may.
func (b *fakeBrokers) produce(node int32, r *wire.Produce, instead code) *wire.Produce {
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

// append is what a partition's leader does about a batch.
func (b *fakeBrokers) append(node int32, transaction string, p wire.ProducePartition) (int64, code) {
	log := b.logs[p.TopicPartition]
	got := b.read(p)
	if log.leader != node {
		return -1, notLeader
	}
	if id := b.ids[transaction]; transaction != "" {
		switch {
		case id == nil || id.who.id != got.ProducerID || got.ProducerEpoch < id.who.epoch:
			return -1, staleProducerEpoch
		case !id.parts[p.TopicPartition]:
			return -1, badTransactionState
		}
	}
	known := log.producers[got.ProducerID]
	if known == nil || known.epoch < got.ProducerEpoch {
		if got.Sequence != 0 {
			return -1, outOfOrderSequence
		}
		known = &fakeProducer{epoch: got.ProducerEpoch}
		log.producers[got.ProducerID] = known
	}
	if known.epoch > got.ProducerEpoch {
		return -1, staleProducerEpoch
	}
	for _, old := range known.recent {
		if old.Sequence == got.Sequence {
			return old.BaseOffset, 0
		}
	}
	if got.Sequence != known.next {
		return -1, outOfOrderSequence
	}
	got.BaseOffset = log.end
	log.end += int64(got.Count)
	log.batches = append(log.batches, got)
	known.next = after(got.Sequence, got.Count)
	known.recent = append(known.recent, got)
	known.recent = known.recent[max(len(known.recent)-5, 0):]
	return got.BaseOffset, 0
}

// read decodes a batch, and looks whether it is what came before under its number.
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

// move makes a partition's leader another broker, or nobody with noLeader.
func (b *fakeBrokers) move(partition, to int32) {
	log := b.logs[partOf(partition)]
	log.leader = to
	log.epoch++
}

// values are those of a partition's records, as who reads committed ones sees them.
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

// requests of one kind that the brokers were sent.
func requests[R protocol.Message](b *fakeBrokers) []R {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []R
	for _, c := range b.asked {
		if r, ok := c.req.(R); ok {
			all = append(all, r)
		}
	}
	return all
}
