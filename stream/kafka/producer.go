package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// A producer is where records are sent to. It encodes them into parcels, one open
// for each partition, which its sender brings to the brokers; if it is
// transactional, its conductor sees to what the coordinators have to be told. All
// its methods, and its writers', are called by one goroutine.
type producer struct {
	client    *client
	id        string // "" if it has none and is at least once
	life      *life
	sender    *sender
	conductor *conductor
	closed    bool
	writers   map[string]*writer

	// Of the transaction, or since the last commit:
	slots   []*slot // that were written to, in the order of their first records
	touched []*outbox
	joined  int   // how many of them the conductor knows
	open    int64 // bytes in the slots' open parcels
}

// A slot is a partition as its writer sees it.
type slot struct {
	outbox  *outbox
	parcel  *parcel // that records go into, nil if there is none
	touched bool    // is among the producer's slots
}

// closePatience bounds how long Close takes to abort what is open. If it isn't
// enough, the broker's time-out does it.
const closePatience = 5 * time.Second

func newProducer(ctx context.Context, c *client, codec batch.Codec, cfg stream.ProducerConfig) (stream.Producer, error) {
	transaction := cfg.ID
	switch {
	case cfg.AtLeastOnce:
		transaction = ""
	case transaction == "":
		transaction = "grete-" + rand.Text()
	}
	l := newLife(c.link)
	p := &producer{client: c, id: transaction, life: l, writers: make(map[string]*writer)}
	p.sender = &sender{
		life: l, link: c.link, cluster: c.cluster, log: c.log, patience: c.patience, codec: codec,
		transaction: transaction, who: noProducer(),
	}
	p.sender.retrier.sender = p.sender
	p.conductor = &conductor{
		life: l, link: c.link, coordinators: c.coordinators, sender: p.sender, log: c.log, patience: c.patience,
		id: transaction, transaction: newTransaction(),
	}
	if err := p.conductor.start(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// transactional tells whether what is sent is seen when it is committed, and not
// before.
func (p *producer) transactional() bool { return p.id != "" }

// check is done first by every call.
func (p *producer) check() error {
	if p.closed {
		return p.ended(stream.ErrClosed)
	}
	if err := p.life.failure(); err != nil {
		return p.ended(err)
	}
	return nil
}

func (p *producer) ended(err error) error { return &stream.ProducerError{ID: p.id, Err: err} }

func (p *producer) named(err error) error {
	if p.id == "" {
		return fmt.Errorf("producer: %w", err)
	}
	return fmt.Errorf("producer %s: %w", p.id, err)
}

// Buffered counts what is in parcels that the brokers don't have for certain.
func (p *producer) Buffered() int64 { return p.open + p.sender.buffered.Load() }

// begin opens a parcel for records, with room for so many bytes.
func (p *producer) begin(s *slot, room int) {
	s.parcel = p.sender.parcel(room)
	p.open += int64(s.parcel.builder.Size())
	if !s.touched {
		s.touched = true
		p.slots = append(p.slots, s)
		p.touched = append(p.touched, s.outbox)
	}
}

// post hands an open parcel over to the sender.
func (p *producer) post(s *slot) {
	if s.parcel == nil {
		return
	}
	parcel := s.parcel
	s.parcel = nil
	if p.sender.codec == batch.None {
		parcel.builder.UpdateChecksum()
	}
	parcel.size, parcel.count = int64(parcel.builder.Size()), int32(parcel.builder.Count())
	p.open -= parcel.size
	p.sender.push(s.outbox, parcel)
}

// send has what was posted sent, and all partitions written to so far added to the
// transaction.
func (p *producer) send() {
	if p.transactional() && p.joined < len(p.touched) {
		p.conductor.add(p.touched[p.joined:])
		p.joined = len(p.touched)
	}
	p.sender.send()
}

// Close aborts what is open, as well as that can be done in a few seconds.
func (p *producer) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.drop()
	p.life.run(func() {
		if p.client.link.Sleep(p.life.context(), closePatience) == nil {
			p.life.interrupt()
		}
	})
	_ = p.client.link.Wait(p.life.context(), p.sender.stop(), nil) // or until time runs out
	if p.transactional() && !errors.Is(p.life.failure(), stream.ErrFenced) {
		_ = p.client.link.Wait(p.life.context(), p.conductor.close(), nil)
	}
	p.life.end()
	return nil
}
