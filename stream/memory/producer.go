package memory

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/gretestream/grete/stream"
)

type producer struct {
	sys      *System
	id       string
	fenced   atomic.Bool
	closed   bool
	writers  map[string]*writer
	sent     []sent
	buffered int64
}

// sent is a record in the open transaction.
type sent struct {
	tp     stream.TopicPartition
	record stream.Record
}

type writer struct {
	producer   *producer
	topic      string
	partitions int32
	compacted  bool
}

// check returns an error if the producer is closed or fenced. Every method calls
// it first.
func (p *producer) check() error {
	switch {
	case p.closed:
		return &stream.ProducerError{ID: p.id, Err: stream.ErrClosed}
	case p.fenced.Load():
		return &stream.ProducerError{ID: p.id, Err: stream.ErrFenced}
	}
	return nil
}

func (p *producer) Writer(name string) (stream.Writer, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if w := p.writers[name]; w != nil {
		return w, nil
	}
	p.sys.mu.Lock()
	defer p.sys.mu.Unlock()
	t := p.sys.topics[name]
	if t == nil {
		return nil, fmt.Errorf("topic %s: %w", name, stream.ErrUnknownTopic)
	}
	w := &writer{producer: p, topic: name, partitions: t.Partitions, compacted: t.Cleanup == stream.CleanupCompact}
	p.writers[name] = w
	return w, nil
}

func (w *writer) Partitions() int32 { return w.partitions }

func (w *writer) Send(partition int32, r *stream.Record) error {
	if err := w.Check(partition, r); err != nil {
		return err
	}
	p, tp := w.producer, stream.TopicPartition{Topic: w.topic, Partition: partition}
	c := stream.Record{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value), Time: r.Time}
	for _, h := range r.Headers {
		c.Headers = append(c.Headers, stream.Header{Key: h.Key, Value: bytes.Clone(h.Value)})
	}
	if c.Time == 0 {
		c.Time = p.sys.Now().UnixMilli()
	}
	p.sent = append(p.sent, sent{tp, c})
	p.buffered += sizeOf(&c)
	return nil
}

func (w *writer) Check(partition int32, r *stream.Record) error {
	p := w.producer
	if err := p.check(); err != nil {
		return err
	}
	tp := stream.TopicPartition{Topic: w.topic, Partition: partition}
	if partition < 0 || partition >= w.partitions {
		return fmt.Errorf("send to %s: %w", tp, stream.ErrUnknownTopic)
	}
	if w.compacted && r.Key == nil {
		return fmt.Errorf("send to %s: %w", tp, stream.ErrNoKey)
	}
	if limit := p.sys.MaxRecordBytes; limit > 0 && int64(len(r.Key)+len(r.Value)) > limit {
		return stream.NewRecordTooLargeError(tp, r, int64(len(r.Key)+len(r.Value)), limit)
	}
	return nil
}

// sizeOf estimates the memory used by a record.
func sizeOf(r *stream.Record) int64 {
	n := 100 + len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += 50 + len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return int64(n)
}

func (p *producer) Buffered() int64 { return p.buffered }

// Flush has nothing to do: all records become visible together, at Commit.
func (p *producer) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.sys.mu.Lock()
	defer p.sys.mu.Unlock()
	if p.sys.closed {
		return stream.ErrClosed
	}
	return p.check()
}

func (p *producer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := p.sys
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := p.check(); err != nil {
		return nil, err
	}
	if s.closed {
		return nil, stream.ErrClosed
	}
	if err := offsets.Check(); err != nil {
		return nil, err
	}
	for _, pos := range offsets.Positions {
		if _, err := s.partition(pos.TopicPartition); err != nil {
			return nil, fmt.Errorf("offsets of group %s: %w", offsets.Group, err)
		}
	}
	ends := p.append()
	for _, pos := range offsets.Positions {
		s.offsets[groupPartition{offsets.Group, pos.TopicPartition}] = pos.Offset
	}
	s.wake()
	return ends, nil
}

// append moves the sent records to the partitions. The caller holds the system's
// lock.
func (p *producer) append() []stream.Position {
	var ends []stream.Position
	at := make(map[stream.TopicPartition]int)
	for _, m := range p.sent {
		part, _ := p.sys.partition(m.tp)
		m.record.Offset = part.end()
		part.records = append(part.records, entry{Record: m.record})
		i, ok := at[m.tp]
		if !ok {
			i = len(ends)
			at[m.tp] = i
			ends = append(ends, stream.Position{TopicPartition: m.tp})
		}
		ends[i].Offset = part.end()
	}
	p.forget()
	for _, end := range ends {
		part, _ := p.sys.partition(end.TopicPartition)
		if p.sys.Remote {
			part.records = append(part.records, entry{stream.Record{Offset: part.end(), Time: p.sys.Now().UnixMilli()}, true})
		} else {
			part.shown = part.end()
		}
	}
	return ends
}

func (p *producer) forget() {
	clear(p.sent)
	p.sent, p.buffered = p.sent[:0], 0
}

func (p *producer) Abort(context.Context) error {
	p.forget()
	return p.check()
}

func (p *producer) Close() error {
	p.forget()
	p.closed = true
	s := p.sys
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.producers[p.id] == p {
		delete(s.producers, p.id)
	}
	return nil
}
