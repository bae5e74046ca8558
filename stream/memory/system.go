package memory

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
)

// A System keeps topics and group offsets in memory. It is safe for concurrent
// use.
type System struct {
	// Now returns the time for records that are sent without one. It may be replaced
	// before the system is used.
	Now func() time.Time
	// MaxRecordBytes is the largest key and value together that topics take; 0: without limit.
	// It may be changed before the System is used.
	MaxRecordBytes int64
	// Remote makes the log behave like one behind a network, such as Kafka. A
	// transaction leaves a marker, which takes an offset, in each partition that it
	// wrote to. It becomes visible only at the second look, or when the next producer
	// with its id opens. Remote may be set before the system is used.
	Remote bool

	id string

	mu        sync.Mutex
	closed    bool
	topics    map[string]*topic
	offsets   map[groupPartition]int64
	producers map[string]*producer
	consumers map[*consumer]struct{}
}

var _ stream.System = (*System)(nil)

type topic struct {
	stream.TopicConfig
	id         string
	partitions []partition
}

func newTopic(cfg stream.TopicConfig) *topic {
	return &topic{TopicConfig: cfg, id: rand.Text(), partitions: make([]partition, cfg.Partitions)}
}

// partition holds the records from offset start on. They never change.
type partition struct {
	start   int64
	records []entry
	shown   int64 // the visible end
}

// entry is a record or a marker.
type entry struct {
	stream.Record
	marker bool
}

// end returns the offset after the last record, visible or not.
func (p *partition) end() int64 { return p.start + int64(len(p.records)) }

// look returns the partition's visible end, and makes later records visible to the
// next look. The caller holds the lock.
func (s *System) look(p *partition) int64 {
	end := p.shown
	if end < p.end() {
		p.shown = p.end()
		s.wake()
	}
	return end
}

// settle makes all committed records visible. The caller holds the lock.
func (s *System) settle() {
	for _, t := range s.topics {
		for i := range t.partitions {
			t.partitions[i].shown = t.partitions[i].end()
		}
	}
	s.wake()
}

// wake signals all consumers. The caller holds the lock.
func (s *System) wake() {
	for c := range s.consumers {
		c.wake()
	}
}

type groupPartition struct {
	group string
	tp    stream.TopicPartition
}

// New returns a system without topics.
func New() *System {
	return &System{
		Now:       time.Now,
		id:        rand.Text(),
		topics:    make(map[string]*topic),
		offsets:   make(map[groupPartition]int64),
		producers: make(map[string]*producer),
		consumers: make(map[*consumer]struct{}),
	}
}

// Name returns "memory".
func (s *System) Name() string { return "memory" }

// ID returns a random identifier of the system.
func (s *System) ID() string { return s.id }

// Admin returns the system's Admin.
func (s *System) Admin() stream.Admin { return (*admin)(s) }

// Close makes all further calls fail with [stream.ErrClosed].
func (s *System) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Recreate deletes a topic and creates it again, empty, with the same configuration
// and a new id. It also deletes the offsets of groups in the topic. The topic must
// not be in use.
func (s *System) Recreate(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[topic]; t != nil {
		s.topics[topic] = newTopic(t.TopicConfig)
	}
	maps.DeleteFunc(s.offsets, func(of groupPartition, _ int64) bool { return of.tp.Topic == topic })
}

// OpenConsumer opens a consumer that has no partitions assigned.
func (s *System) OpenConsumer(ctx context.Context, cfg stream.ConsumerConfig) (stream.Consumer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, stream.ErrClosed
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 16 << 20
	}
	c := &consumer{sys: s, max: cfg.MaxBytes, ready: make(chan struct{}, 1)}
	s.consumers[c] = struct{}{}
	return c, nil
}

// OpenProducer opens a producer and fences the previous one with the same id.
func (s *System) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, stream.ErrClosed
	}
	p := &producer{sys: s, id: cfg.ID, writers: make(map[string]*writer)}
	if cfg.ID != "" {
		if old := s.producers[cfg.ID]; old != nil {
			old.fenced.Store(true)
		}
		s.producers[cfg.ID] = p
		s.settle()
	}
	return p, nil
}

// partition looks up a partition. The caller holds the lock.
func (s *System) partition(tp stream.TopicPartition) (*partition, error) {
	t := s.topics[tp.Topic]
	if t == nil || tp.Partition < 0 || int(tp.Partition) >= len(t.partitions) {
		return nil, fmt.Errorf("%s: %w", tp, stream.ErrUnknownTopic)
	}
	return &t.partitions[tp.Partition], nil
}
