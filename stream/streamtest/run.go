package streamtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
)

// patience is how long something may take that should happen at once.
const patience = 20 * time.Second

type check struct {
	name string
	run  func(*fixture)
}

// Run tests a system. open returns one that works; it may be the same each time
// and may have topics, as the tests make their own under new names. The tests
// close it where it is not the same.
func Run(t *testing.T, open func(t *testing.T) stream.System) {
	runAll(t, open, []check{
		{"topics are created once and counted", topics},
		{"topics grow", grow},
		{"topics tell their settings", describe},
		{"topics have ids", topicIDs},
		{"impossible topics are refused", impossibleTopics},
		{"what doesn't exist is an unknown topic", unknownTopics},
		{"records come back as they were sent", recordsComeBack},
		{"a sent record is a copy", sentIsCopied},
		{"a large record gets through", largeRecord},
		{"nothing is seen before its commit", seenAfterCommit},
		{"a commit tells where partitions end", commitTellsEnds},
		{"a commit is of all partitions", commitIsOfAll},
		{"an empty commit does nothing", emptyCommit},
		{"aborted records are forgotten", aborted},
		{"a closed producer's records are forgotten", closedProducer},
		{"buffered bytes are counted", buffered},
		{"what is flushed waits for its commit", flushed},
		{"an at-least-once producer loses nothing", atLeastOnce},
		{"a cancelled commit changes nothing", cancelled},
		{"offsets belong to a group", groupOffsets},
		{"bad offsets are refused", badOffsets},
		{"a producer fences the one before", fencing},
		{"a compacted topic keeps the last of each key", compacted},
		{"records are deleted from the start", deleteRecords},
		{"a time has an offset", offsetsAt},
		{"a partition is paused until it is released", pausedUntilReleased},
		{"a chunk stays until it is released", chunkStays},
		{"a waiting consumer is woken", readyWakes},
		{"reading begins anywhere", seeking},
		{"an unassigned partition is not read", unassigned},
		{"an offset outside is found", outOfRange},
		{"a consumer knows the end", consumerEnd},
		{"memory is bounded", memoryBound},
		{"no partition starves", manyPartitions},
		{"all work at the same time", concurrent},
		{"a closed consumer is closed", closedConsumer},
	})
}

func runAll(t *testing.T, open func(t *testing.T) stream.System, checks []check) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(newFixture(t, open(t))) })
	}
}

// fixture is a test's system and what tests do with it again and again. Its
// methods end the test where something fails.
type fixture struct {
	*testing.T
	ctx context.Context
	sys stream.System

	mu   sync.Mutex
	said map[stream.TopicPartition]int64 // where partitions end, as commits have told
}

func newFixture(t *testing.T, sys stream.System) *fixture {
	return &fixture{T: t, ctx: t.Context(), sys: sys, said: make(map[stream.TopicPartition]int64)}
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) wantError(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("the error is %v, want %v", err, want)
	}
}

// wantEnd wants an error of the producer's, not of the record's.
func (f *fixture) wantEnd(err, want error) {
	f.Helper()
	f.wantError(err, want)
	if !errors.As(err, new(*stream.ProducerError)) {
		f.Errorf("%v isn't said to be the producer's end", err)
	}
}

// topic makes one and returns its name, which nobody has used before.
func (f *fixture) topic(partitions int32) string {
	f.Helper()
	return f.create(stream.TopicConfig{Partitions: partitions, Retention: -1})
}

func (f *fixture) create(cfg stream.TopicConfig) string {
	f.Helper()
	cfg.Name = newName()
	f.must(f.sys.Admin().CreateTopic(f.ctx, cfg))
	return cfg.Name
}

// newName is one that no topic, group or producer has.
func newName() string { return "streamtest-" + rand.Text() }

func tp(topic string, partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: topic, Partition: partition}
}

// allOf lists a topic's partitions.
func allOf(topic string, partitions int32) []stream.TopicPartition {
	all := make([]stream.TopicPartition, partitions)
	for i := range all {
		all[i] = tp(topic, int32(i))
	}
	return all
}

// value is a record with nothing but a value.
func value(format string, args ...any) *stream.Record {
	return &stream.Record{Value: fmt.Appendf(nil, format, args...)}
}

func (f *fixture) producer(id string) *producer {
	f.Helper()
	p, err := f.open(stream.ProducerConfig{ID: id})
	f.must(err)
	return p
}

func (f *fixture) open(cfg stream.ProducerConfig) (*producer, error) {
	p, err := f.sys.OpenProducer(f.ctx, cfg)
	if err != nil {
		return nil, err
	}
	f.Cleanup(func() { _ = p.Close() })
	return &producer{Producer: p, f: f}, nil
}

// producer is a stream.Producer of a test. It notes what commits say.
type producer struct {
	stream.Producer
	f *fixture
}

// Commit commits.
func (p *producer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	ends, err := p.Producer.Commit(ctx, offsets)
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	for _, end := range ends {
		p.f.said[end.TopicPartition] = max(p.f.said[end.TopicPartition], end.Offset)
	}
	return ends, err
}

// try sends and commits a record, and returns the first error.
func (p *producer) try(topic string, r *stream.Record) error {
	w, err := p.Writer(topic)
	if err == nil {
		err = w.Send(0, r)
	}
	if err == nil {
		_, err = p.Commit(p.f.ctx, stream.GroupOffsets{})
	}
	return err
}

func (p *producer) send(topic string, partition int32, r *stream.Record) {
	p.f.Helper()
	w, err := p.Writer(topic)
	p.f.must(err)
	p.f.must(w.Send(partition, r))
}

func (p *producer) commit() []stream.Position {
	p.f.Helper()
	ends, err := p.Commit(p.f.ctx, stream.GroupOffsets{})
	p.f.must(err)
	return ends
}

// fill commits n records, "0", "1" and so on, to a partition, each in a
// transaction of its own.
func (f *fixture) fill(topic string, partition int32, n int) {
	f.Helper()
	p := f.producer("")
	for i := range n {
		p.send(topic, partition, value("%d", i))
		p.commit()
	}
	f.must(p.Close())
}

func (f *fixture) starts(of ...stream.TopicPartition) []int64 {
	f.Helper()
	offsets, err := f.sys.Admin().Starts(f.ctx, of...)
	f.must(err)
	return offsets
}

func (f *fixture) ends(of ...stream.TopicPartition) []int64 {
	f.Helper()
	offsets, err := f.sys.Admin().Ends(f.ctx, of...)
	f.must(err)
	return offsets
}

// settledEnds are the ends when they have come to where commits said that they
// would be: that may take a moment, and markers may lie behind it.
func (f *fixture) settledEnds(of ...stream.TopicPartition) []int64 {
	f.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		ends := f.ends(of...)
		if f.reached(of, ends) {
			return ends
		}
		select {
		case <-tick.C:
		case <-timeout:
			f.Fatalf("%v end at %v, and commits have said %v", of, ends, f.said)
		}
	}
}

func (f *fixture) reached(of []stream.TopicPartition, ends []int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, p := range of {
		if ends[i] < f.said[p] {
			return false
		}
	}
	return true
}

func (f *fixture) committed(group string, of ...stream.TopicPartition) []int64 {
	f.Helper()
	offsets, err := f.sys.Admin().Committed(f.ctx, group, of...)
	f.must(err)
	return offsets
}
