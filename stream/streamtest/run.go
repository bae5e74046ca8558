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

// patience is the timeout for something that should happen immediately.
const patience = 20 * time.Second

type check struct {
	name string
	run  func(*fixture)
}

// Run tests a system. open returns an open system. It may return the same one each
// time, and the system may have topics: the tests create their own with random names.
// Run doesn't close it.
func Run(t *testing.T, open func(t *testing.T) stream.System) {
	runAll(t, open, []check{
		{"CreateTopic and Partitions", topics},
		{"Grow adds partitions", grow},
		{"Describe returns the configuration", describe},
		{"TopicIDs are unique and stable", topicIDs},
		{"CreateTopic rejects invalid topics", impossibleTopics},
		{"a missing topic is ErrUnknownTopic", unknownTopics},
		{"records are read as they were sent", recordsComeBack},
		{"Send copies the record", sentIsCopied},
		{"a large record is accepted", largeRecord},
		{"Check returns what Send returns, and sends nothing", checked},
		{"records are invisible before the commit", seenAfterCommit},
		{"Commit returns the ends of partitions", commitTellsEnds},
		{"Commit covers all partitions and offsets", commitIsOfAll},
		{"an empty Commit does nothing", emptyCommit},
		{"Abort discards records", aborted},
		{"Close of a producer discards records", closedProducer},
		{"Buffered counts bytes", buffered},
		{"flushed records are invisible before the commit", flushed},
		{"an at-least-once producer loses nothing", atLeastOnce},
		{"a cancelled Commit changes nothing", cancelled},
		{"offsets belong to a group", groupOffsets},
		{"Commit rejects invalid offsets", badOffsets},
		{"a producer fences the previous one", fencing},
		{"a compacted topic keeps the last record of each key", compacted},
		{"DeleteRecords moves the start", deleteRecords},
		{"OffsetsAt finds a time", offsetsAt},
		{"a partition is paused until Release", pausedUntilReleased},
		{"a chunk is valid until Release", chunkStays},
		{"Ready wakes a waiting consumer", readyWakes},
		{"Assign moves to any offset", seeking},
		{"Unassign stops reading", unassigned},
		{"an offset out of range is an error", outOfRange},
		{"End returns the end", consumerEnd},
		{"MaxBytes bounds memory", memoryBound},
		{"no partition starves", manyPartitions},
		{"producers and consumers run concurrently", concurrent},
		{"a closed consumer fails", closedConsumer},
	})
}

func runAll(t *testing.T, open func(t *testing.T) stream.System, checks []check) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(newFixture(t, open(t))) })
	}
}

// fixture is a test's system with helpers. Its methods end the test if something
// fails.
type fixture struct {
	*testing.T
	ctx context.Context
	sys stream.System

	mu   sync.Mutex
	said map[stream.TopicPartition]int64 // ends of partitions that Commit has returned
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

// wantEnd expects an error that ends the producer.
func (f *fixture) wantEnd(err, want error) {
	f.Helper()
	f.wantError(err, want)
	if !errors.As(err, new(*stream.ProducerError)) {
		f.Errorf("%v isn't a ProducerError", err)
	}
}

// topic creates a topic with a new name, which it returns.
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

// newName returns an unused name for a topic, group or producer.
func newName() string { return "streamtest-" + rand.Text() }

func tp(topic string, partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: topic, Partition: partition}
}

// allOf returns a topic's partitions.
func allOf(topic string, partitions int32) []stream.TopicPartition {
	all := make([]stream.TopicPartition, partitions)
	for i := range all {
		all[i] = tp(topic, int32(i))
	}
	return all
}

// value returns a record that has only a value.
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

// producer is a stream.Producer that remembers the results of its commits.
type producer struct {
	stream.Producer
	f *fixture
}

// Commit implements [stream.Producer].
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

// fill writes n records "0", "1" and so on to a partition, each in a transaction of
// its own.
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

// settledEnds waits until the ends have reached those returned by Commit, and returns
// them. They may be greater because of markers.
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
			f.Fatalf("%v end at %v, but Commit has returned %v", of, ends, f.said)
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
