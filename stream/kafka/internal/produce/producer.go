package produce

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Producer encodes records into batches, one open for each partition. Its sender
// delivers them to the brokers; its transaction driver makes the requests to the
// coordinators. One goroutine calls all methods of a producer and its writers.
type Producer struct {
	client  *cluster.Client
	id      string // "" if at least once
	life    *link.Lifetime
	sender  *sender
	txn     *txnDriver
	closed  bool
	writers map[string]*writer

	// Of the transaction, or since the last commit:
	openPartitions []*openPartition // written to, in the order of their first records
	buffers        []*partitionBuffer
	addedBuffers   int   // how many of buffers the driver knows
	openBytes      int64 // size of the open batches
}

// An openPartition is a partition of a writer.
type openPartition struct {
	buffer *partitionBuffer
	batch  *recordBatch // takes records; nil: none is open
	inUse  bool         // is among openPartitions
}

// closePatience bounds how long Close takes to abort the open transaction. After that the
// broker's timeout aborts it.
const closePatience = 5 * time.Second

// Open opens a producer. A transactional one has fenced its predecessor, and aborted its
// transaction, when Open returns.
func Open(ctx context.Context, c *cluster.Client, codec batch.Codec, cfg stream.ProducerConfig) (stream.Producer, error) {
	transaction := cfg.ID
	switch {
	case cfg.AtLeastOnce:
		transaction = ""
	case transaction == "":
		transaction = "grete-" + rand.Text()
	}
	l := link.NewLifetime(c.Link)
	p := &Producer{client: c, id: transaction, life: l, writers: make(map[string]*writer)}
	p.sender = &sender{
		life: l, link: c.Link, cluster: c.Metadata, log: c.Log, patience: c.Patience, codec: codec,
		transaction: transaction, producer: noProducer(),
	}
	p.sender.retrier.sender = p.sender
	p.txn = &txnDriver{
		life: l, link: c.Link, coordinators: c.Coordinators, sender: p.sender, log: c.Log, patience: c.Patience,
		id: transaction, transaction: newTransaction(),
	}
	if err := p.txn.start(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// transactional reports whether records become visible at the commit only.
func (p *Producer) transactional() bool { return p.id != "" }

// check comes first in every call.
func (p *Producer) check() error {
	if p.closed {
		return p.fatal(stream.ErrClosed)
	}
	if err := p.life.Failure(); err != nil {
		return p.fatal(err)
	}
	return nil
}

// fatal wraps an error that ends the producer.
func (p *Producer) fatal(err error) error { return &stream.ProducerError{ID: p.id, Err: err} }

// wrap adds the name of the producer.
func (p *Producer) wrap(err error) error {
	if p.id == "" {
		return fmt.Errorf("producer: %w", err)
	}
	return fmt.Errorf("producer %s: %w", p.id, err)
}

// Buffered counts the bytes of batches that are not known to be delivered.
func (p *Producer) Buffered() int64 { return p.openBytes + p.sender.buffered.Load() }

// openBatch opens a batch with room for so many bytes.
func (p *Producer) openBatch(s *openPartition, room int) {
	s.batch = p.sender.newBatch(room)
	p.openBytes += int64(s.batch.builder.Size())
	if !s.inUse {
		s.inUse = true
		p.openPartitions = append(p.openPartitions, s)
		p.buffers = append(p.buffers, s.buffer)
	}
}

// closeBatch hands an open batch over to the sender.
func (p *Producer) closeBatch(s *openPartition) {
	if s.batch == nil {
		return
	}
	b := s.batch
	s.batch = nil
	if p.sender.codec == batch.None {
		b.builder.UpdateChecksum()
	}
	b.size, b.count = int64(b.builder.Size()), int32(b.builder.Count())
	p.openBytes -= b.size
	p.sender.enqueue(s.buffer, b)
}

// send sends the closed batches, and adds all partitions written to so far to the
// transaction.
func (p *Producer) send() {
	if p.transactional() && p.addedBuffers < len(p.buffers) {
		p.txn.addPartitionsOf(p.buffers[p.addedBuffers:])
		p.addedBuffers = len(p.buffers)
	}
	p.sender.send()
}

// Close aborts the open transaction, as far as a few seconds suffice for it.
func (p *Producer) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.drop()
	p.life.Go(func() {
		if p.client.Link.Sleep(p.life.Context(), closePatience) == nil {
			p.life.Cancel()
		}
	})
	_ = p.client.Link.Wait(p.life.Context(), p.sender.stop(), nil) // or until time runs out
	if p.transactional() && !errors.Is(p.life.Failure(), stream.ErrFenced) {
		_ = p.client.Link.Wait(p.life.Context(), p.txn.close(), nil)
	}
	p.life.End()
	return nil
}
