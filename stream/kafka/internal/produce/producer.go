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

// A Producer is where records are sent to. It encodes them into parcels, one open
// for each partition, which its sender brings to the brokers; if it is
// transactional, its conductor sees to what the coordinators have to be told. All
// its methods, and its writers', are called by one goroutine.
type Producer struct {
	client  *cluster.Client
	id      string // "" if it has none and is at least once
	life    *link.Lifetime
	sender  *sender
	txn     *txnDriver
	closed  bool
	writers map[string]*writer

	// Of the transaction, or since the last commit:
	openPartitions []*openPartition // that were written to, in the order of their first records
	buffers        []*partitionBuffer
	addedBuffers   int   // how many of them the conductor knows
	openBytes      int64 // bytes in the slots' open parcels
}

// A openPartition is a partition as its writer sees it.
type openPartition struct {
	buffer *partitionBuffer
	batch  *recordBatch // that records go into, nil if there is none
	inUse  bool         // is among the producer's slots
}

// closePatience bounds how long Close takes to abort what is open. If it isn't
// enough, the broker's time-out does it.
const closePatience = 5 * time.Second

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

// transactional tells whether what is sent is seen when it is committed, and not
// before.
func (p *Producer) transactional() bool { return p.id != "" }

// check is done first by every call.
func (p *Producer) check() error {
	if p.closed {
		return p.fatal(stream.ErrClosed)
	}
	if err := p.life.Failure(); err != nil {
		return p.fatal(err)
	}
	return nil
}

func (p *Producer) fatal(err error) error { return &stream.ProducerError{ID: p.id, Err: err} }

func (p *Producer) wrap(err error) error {
	if p.id == "" {
		return fmt.Errorf("producer: %w", err)
	}
	return fmt.Errorf("producer %s: %w", p.id, err)
}

// Buffered counts what is in parcels that the brokers don't have for certain.
func (p *Producer) Buffered() int64 { return p.openBytes + p.sender.buffered.Load() }

// openBatch opens a parcel for records, with room for so many bytes.
func (p *Producer) openBatch(s *openPartition, room int) {
	s.batch = p.sender.newBatch(room)
	p.openBytes += int64(s.batch.builder.Size())
	if !s.inUse {
		s.inUse = true
		p.openPartitions = append(p.openPartitions, s)
		p.buffers = append(p.buffers, s.buffer)
	}
}

// closeBatch hands an open parcel over to the sender.
func (p *Producer) closeBatch(s *openPartition) {
	if s.batch == nil {
		return
	}
	parcel := s.batch
	s.batch = nil
	if p.sender.codec == batch.None {
		parcel.builder.UpdateChecksum()
	}
	parcel.size, parcel.count = int64(parcel.builder.Size()), int32(parcel.builder.Count())
	p.openBytes -= parcel.size
	p.sender.enqueue(s.buffer, parcel)
}

// send has what was posted sent, and all partitions written to so far added to the
// transaction.
func (p *Producer) send() {
	if p.transactional() && p.addedBuffers < len(p.buffers) {
		p.txn.addPartitionsOf(p.buffers[p.addedBuffers:])
		p.addedBuffers = len(p.buffers)
	}
	p.sender.send()
}

// Close aborts what is open, as well as that can be done in a few seconds.
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
