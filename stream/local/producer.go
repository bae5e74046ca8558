package local

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// batchBytes is the size at which a batch is finished. A reader that looks for an
// offset reads at most this much too early.
const batchBytes = 32 << 10

// maxRecordBytes keeps batches below the maximum of their format.
const maxRecordBytes = 1 << 30

// producer collects a transaction in memory as encoded batches.
type producer struct {
	sys      *System
	id       string
	fenced   atomic.Bool
	closed   bool
	writers  map[string]*writer
	pending  []*pending // partitions written to, in the order of their first records
	buffered int64
}

type writer struct {
	producer   *producer
	topic      *topic
	partitions []pending
}

// pending holds the records sent to one partition since the last commit.
type pending struct {
	partition *partition
	builder   batch.Builder
	buf       []byte // finished batches; their offsets start at 0
	count     int64  // number of records in buf
	maxTime   int64
	open      bool // builder holds an unfinished batch
	used      bool // this is in the producer's list
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
	p.sys.visible.RLock()
	t := p.sys.topics[name]
	p.sys.visible.RUnlock()
	if t == nil {
		return nil, fmt.Errorf("write to topic %s: %w", name, stream.ErrUnknownTopic)
	}
	w := &writer{producer: p, topic: t, partitions: make([]pending, len(t.partitions))}
	for i := range w.partitions {
		w.partitions[i].partition = t.partitions[i]
	}
	p.writers[name] = w
	return w, nil
}

func (w *writer) Partitions() int32 { return int32(len(w.partitions)) }

func (w *writer) Send(partition int32, r *stream.Record) error {
	if err := w.Check(partition, r); err != nil {
		return err
	}
	p, q := w.producer, &w.partitions[partition]
	if !q.used {
		q.used = true
		p.pending = append(p.pending, q)
	}
	if !q.open {
		q.builder.Start(q.buf)
		q.open = true
	}
	before := q.builder.Size()
	if r.Time == 0 {
		now := *r
		now.Time = p.sys.opts.Now().UnixMilli()
		q.builder.Append(&now)
	} else {
		q.builder.Append(r)
	}
	size := q.builder.Size()
	p.buffered += int64(size - before)
	if size >= batchBytes {
		return q.finish()
	}
	return nil
}

func (w *writer) Check(partition int32, r *stream.Record) error {
	if err := w.producer.check(); err != nil {
		return err
	}
	if err := w.accept(partition, r); errors.As(err, new(*stream.RecordTooLargeError)) {
		return err
	} else if err != nil {
		tp := stream.TopicPartition{Topic: w.topic.Name, Partition: partition}
		return fmt.Errorf("send to %s: %w", tp, err)
	}
	return nil
}

// accept says why a record can't be sent there.
func (w *writer) accept(partition int32, r *stream.Record) error {
	switch {
	case partition < 0 || int(partition) >= len(w.partitions):
		return stream.ErrUnknownTopic
	case r.Key == nil && w.topic.Cleanup == stream.CleanupCompact:
		return stream.ErrNoKey
	}
	size := int64(len(r.Key)) + int64(len(r.Value))
	for i := range r.Headers {
		size += int64(len(r.Headers[i].Key) + len(r.Headers[i].Value))
	}
	if size > maxRecordBytes {
		return stream.NewRecordTooLargeError(stream.TopicPartition{Topic: w.topic.Name, Partition: partition}, r, size, maxRecordBytes)
	}
	return nil
}

// finish finishes the open batch, if there is one.
func (q *pending) finish() error {
	if !q.open {
		return nil
	}
	q.open = false
	n, latest := int64(q.builder.Count()), q.builder.MaxTime()
	buf, err := q.builder.Finish(q.count)
	if err != nil {
		return err
	}
	if q.count == 0 {
		q.maxTime = latest
	}
	q.maxTime = max(q.maxTime, latest)
	q.buf = buf
	q.count += n
	return nil
}

// keepBytes is the capacity up to which a buffer is always kept.
const keepBytes = 64 << 10

// forget drops all pending records. It also frees buffers that are larger than
// usual.
func (p *producer) forget() {
	for _, q := range p.pending {
		if q.open {
			q.buf, _ = q.builder.Finish(0) // to get the buffer back
		}
		if cap(q.buf) > keepBytes && cap(q.buf) > 4*len(q.buf) {
			q.buf = nil
		}
		q.buf, q.count, q.maxTime, q.open, q.used = q.buf[:0], 0, 0, false, false
	}
	clear(p.pending)
	p.pending, p.buffered = p.pending[:0], 0
}

func (p *producer) Buffered() int64 { return p.buffered }

// Flush has nothing to do: records survive only with a commit, and then all of
// them do.
func (p *producer) Flush(ctx context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.sys.visible.RLock()
	defer p.sys.visible.RUnlock()
	return p.sys.checkOpen()
}

func (p *producer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, q := range p.pending {
		if err := q.finish(); err != nil {
			return nil, fmt.Errorf("send to %s: %w", q.partition.tp, err)
		}
	}
	ends, err := p.sys.commit(p, offsets)
	if err != nil {
		return nil, fmt.Errorf("commit to the embedded log in %s: %w", p.sys.dir, err)
	}
	p.forget()
	return ends, nil
}

func (p *producer) Abort(context.Context) error {
	p.forget()
	return p.check()
}

func (p *producer) Close() error {
	if p.closed {
		return nil
	}
	p.forget()
	p.closed = true
	p.writers = nil
	s := p.sys
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.producers[p.id] == p {
		delete(s.producers, p.id)
	}
	return nil
}
