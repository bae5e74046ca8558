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
	// Now gives the time of records that are sent without one. It may be replaced
	// before the system is used.
	Now func() time.Time
	// Remote makes the log behave as one behind a network may, Kafka for example: a
	// transaction leaves a marker behind in each partition that it wrote to, which
	// takes an offset, and is seen by those only who look a second time, or have
	// opened the next producer of its id. It may be set before the system is used.
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

// partition holds the records from offset start on. They are never changed.
type partition struct {
	start   int64
	records []entry
	shown   int64 // the end that everybody may know
}

// entry is a record or a marker.
type entry struct {
	stream.Record
	marker bool
}

// end is after the last record, shown or not.
func (p *partition) end() int64 { return p.start + int64(len(p.records)) }

// look returns the partition's end as it is shown to one who looks now. The lock
// is held.
func (s *System) look(p *partition) int64 {
	end := p.shown
	if end < p.end() {
		p.shown = p.end()
		s.wake()
	}
	return end
}

// settle shows all that is committed. The lock is held.
func (s *System) settle() {
	for _, t := range s.topics {
		for i := range t.partitions {
			t.partitions[i].shown = t.partitions[i].end()
		}
	}
	s.wake()
}

// wake wakes everybody who waits. The lock is held.
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

// Name is "memory".
func (s *System) Name() string { return "memory" }

// ID is another one for each system.
func (s *System) ID() string { return s.id }

// Admin returns the system itself.
func (s *System) Admin() stream.Admin { return (*admin)(s) }

// Close makes all further calls fail with [stream.ErrClosed].
func (s *System) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Recreate deletes a topic and makes one of the same name and settings, empty and
// with another id, as people do with other logs. The offsets of groups in it are gone.
// Nobody has it open.
func (s *System) Recreate(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[topic]; t != nil {
		s.topics[topic] = newTopic(t.TopicConfig)
	}
	maps.DeleteFunc(s.offsets, func(of groupPartition, _ int64) bool { return of.tp.Topic == topic })
}

// OpenConsumer opens a consumer without partitions.
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

// OpenProducer opens a producer and fences an earlier one with its id.
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

// partition returns one, with the lock held.
func (s *System) partition(tp stream.TopicPartition) (*partition, error) {
	t := s.topics[tp.Topic]
	if t == nil || tp.Partition < 0 || int(tp.Partition) >= len(t.partitions) {
		return nil, fmt.Errorf("%s: %w", tp, stream.ErrUnknownTopic)
	}
	return &t.partitions[tp.Partition], nil
}
