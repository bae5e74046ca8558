package produce

import (
	"context"
	"errors"
	"log/slog"
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
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// fakeBrokers are brokers as a producer sees them: they have Kafka's rules for sequences
// and transactions, and the faults that a test wants. They are strict. The test fails if a
// batch comes again with other bytes, if a second request for a partition comes before the
// first has ended, or if the memory of a batch is reused before it arrives.
type fakeBrokers struct {
	t *testing.T
	// fault decides what goes wrong with an exchange; nil: nothing. It is called with mu
	// held.
	fault func(node int32, req protocol.Message) fault

	mu       sync.Mutex
	nodes    int32
	settings map[string]string // of every topic
	logs     map[stream.TopicPartition]*fakeLog
	ids      map[string]*fakeID
	groups   map[string]map[stream.TopicPartition]int64
	producer int64 // the last id that was given
	received []receivedRequest
	late     sync.WaitGroup
}

// A receivedRequest is a request that a broker got.
type receivedRequest struct {
	node int32
	req  protocol.Message
}

// A fault is what goes wrong with an exchange.
type fault struct {
	hang         bool          // there is no answer, until the client gives up
	reset        bool          // the connection breaks before there is an answer
	lost         bool          // then the request hasn't arrived either
	late         time.Duration // or it arrives that much later
	code         kerr.Code     // what the broker answers instead of doing it
	reportedCode kerr.Code     // what it answers though it has appended the batches
	after        time.Duration // how long the broker takes
}

// newFakeBrokers returns brokers with one topic, which they lead in turn.
func newFakeBrokers(t *testing.T, nodes, partitions int32) *fakeBrokers {
	b := &fakeBrokers{
		t: t, nodes: nodes, settings: map[string]string{cluster.CleanupPolicy: "delete", cluster.MaxMessageBytes: "1048588"},
		logs: make(map[stream.TopicPartition]*fakeLog), ids: make(map[string]*fakeID),
		groups: make(map[string]map[stream.TopicPartition]int64), producer: 1000,
	}
	for i := range partitions {
		b.logs[partOf(i)] = &fakeLog{leader: i % nodes, producers: make(map[int64]*fakeProducer), sent: make(map[string][]byte)}
	}
	return b
}

// partOf returns a partition of the topic.
func partOf(partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: "topic", Partition: partition}
}

// settings are those of a client.
type settings struct {
	Codec    batch.Codec
	Patience time.Duration
	Logger   *slog.Logger
}

// A testClient opens producers.
type testClient struct {
	*cluster.Client
	codec batch.Codec
}

func (c *testClient) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	return Open(ctx, c.Client, c.codec, cfg)
}

// newClient returns a client of the brokers. It is closed with the test.
func (b *fakeBrokers) newClient(set settings) *testClient {
	s := &testClient{Client: cluster.NewClient(linktest.New(b.serve), set.Patience, set.Logger), codec: set.Codec}
	b.t.Cleanup(func() {
		if err := s.Link.Close(); err != nil {
			b.t.Error(err)
		}
		b.late.Wait()
	})
	return s
}

var errReset = errors.New("connection reset by peer")

func (b *fakeBrokers) serve(ctx context.Context, node int32, req protocol.Message) (protocol.Message, error) {
	b.mu.Lock()
	b.received = append(b.received, receivedRequest{node, req})
	f := fault{}
	if b.fault != nil {
		f = b.fault(node, req)
	}
	b.mu.Unlock()
	defer b.checkSingleRequest(req)()
	if err := wait(ctx, f.after); err != nil {
		return nil, err
	}
	var answer protocol.Message
	switch {
	case f.late > 0:
		b.late.Go(func() {
			_ = wait(context.Background(), f.late)
			b.handle(node, req, 0)
		})
	case !f.lost:
		answer = b.handle(node, req, f.code)
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
		f.override(p)
		return p, nil
	}
	return answer, nil
}

// override changes the answer about appended batches.
func (f *fault) override(p *wire.Produce) {
	for i := range p.Answer.Partitions {
		if q := &p.Answer.Partitions[i]; f.reportedCode != 0 && q.Code == 0 {
			q.Code, q.BaseOffset = int16(f.reportedCode), -1
		}
	}
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

// checkSingleRequest checks that no two requests for a partition are in flight.
func (b *fakeBrokers) checkSingleRequest(req protocol.Message) (end func()) {
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

// handle carries out a request, or answers with a code instead.
func (b *fakeBrokers) handle(node int32, req protocol.Message, instead kerr.Code) protocol.Message {
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
		topic := metadata.ResponseTopic{Name: name, ErrorCode: int16(kerr.UnknownTopic)}
		for i := int32(0); b.logs[stream.TopicPartition{Topic: name, Partition: i}] != nil; i++ {
			log := b.logs[stream.TopicPartition{Topic: name, Partition: i}]
			topic.ErrorCode = 0
			topic.Partitions = append(topic.Partitions, metadata.ResponsePartition{PartitionIndex: i, LeaderID: log.leader, LeaderEpoch: log.epoch})
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

func (b *fakeBrokers) configs(r *describeconfigs.Request, instead kerr.Code) *describeconfigs.Response {
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

// requests returns the requests of one kind that the brokers got.
func requests[R protocol.Message](b *fakeBrokers) []R {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []R
	for _, c := range b.received {
		if r, ok := c.req.(R); ok {
			all = append(all, r)
		}
	}
	return all
}
