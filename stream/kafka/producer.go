package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// A producer is where records are sent to. It encodes them into parcels, one open
// for each partition, which its sender brings to the brokers; if it is
// transactional, its conductor sees to what the coordinators have to be told. All
// its methods, and its writers', are called by one goroutine.
type producer struct {
	system    *System
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

func newProducer(ctx context.Context, s *System, cfg stream.ProducerConfig) (stream.Producer, error) {
	transaction := cfg.ID
	switch {
	case cfg.AtLeastOnce:
		transaction = ""
	case transaction == "":
		transaction = "grete-" + rand.Text()
	}
	l := newLife(s.link)
	p := &producer{system: s, id: transaction, life: l, writers: make(map[string]*writer)}
	p.sender = &sender{
		life: l, link: s.link, cluster: s.cluster, log: s.log, patience: s.patience, codec: s.opts.Codec,
		transaction: transaction, who: noProducer(),
	}
	p.conductor = &conductor{
		life: l, link: s.link, coordinators: s.coordinators, sender: p.sender, log: s.log, patience: s.patience,
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
		return p.named(stream.ErrClosed)
	}
	if err := p.life.failure(); err != nil {
		return p.named(err)
	}
	return nil
}

func (p *producer) named(err error) error {
	if p.id == "" {
		return fmt.Errorf("producer: %w", err)
	}
	return fmt.Errorf("producer %s: %w", p.id, err)
}

// Buffered counts what is in parcels that the brokers don't have for certain.
func (p *producer) Buffered() int64 { return p.open + p.sender.buffered.Load() }

// begin opens a parcel for records.
func (p *producer) begin(s *slot) {
	s.parcel = p.sender.parcel()
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

// Flush waits until the brokers have everything that was sent.
func (p *producer) Flush(ctx context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.must(p.flush(ctx))
}

func (p *producer) flush(ctx context.Context) error {
	for _, s := range p.slots {
		p.post(s)
	}
	p.send()
	return p.life.await(ctx, p.sender.delivered())
}

// must makes an error the producer's end: how much of what was asked for has been
// done isn't known.
func (p *producer) must(err error) error {
	if err == nil {
		return nil
	}
	p.life.fail(err)
	return p.named(p.life.failure())
}

// Commit commits the transaction, or else waits until the brokers have everything
// and then commits the offsets.
func (p *producer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.checkOffsets(ctx, offsets); err != nil {
		return nil, p.named(err)
	}
	if len(p.touched)+len(offsets.Positions) == 0 {
		return nil, nil
	}
	if err := p.commit(ctx, offsets); err != nil {
		return nil, p.must(err)
	}
	ends := p.sender.ends(p.touched)
	p.reset()
	return ends, nil
}

func (p *producer) commit(ctx context.Context, offsets stream.GroupOffsets) error {
	given := len(offsets.Positions) > 0
	if given && p.transactional() {
		p.conductor.commitOffsets(offsets) // while the last records are on their way
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	if p.transactional() {
		return p.conductor.finish(ctx, commit)
	}
	if given {
		return p.system.commitOffsets(ctx, offsets)
	}
	return nil
}

// checkOffsets finds what a broker would refuse, as long as nothing has happened
// yet.
func (p *producer) checkOffsets(ctx context.Context, offsets stream.GroupOffsets) error {
	if err := offsets.Check(); err != nil {
		return err
	}
	for _, at := range offsets.Positions {
		known := p.system.cluster.partitions(at.Topic)
		if at.Partition >= known {
			var err error
			if known, err = p.partitions(ctx, at.Topic); err != nil {
				return fmt.Errorf("offsets of group %s: %w", offsets.Group, err)
			}
		}
		if at.Partition < 0 || at.Partition >= known {
			return fmt.Errorf("offsets of group %s: %s: %w", offsets.Group, at.TopicPartition, stream.ErrUnknownTopic)
		}
	}
	return nil
}

// Abort takes back what was sent, or as much of it as hasn't left, if the producer
// isn't transactional.
func (p *producer) Abort(ctx context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.drop()
	return p.must(p.abort(ctx))
}

func (p *producer) abort(ctx context.Context) error {
	// What is on its way must have arrived, so that it is aborted too.
	if err := p.life.await(ctx, p.sender.delivered()); err != nil {
		return err
	}
	if p.transactional() {
		if err := p.conductor.finish(ctx, abort); err != nil {
			return err
		}
	}
	p.reset()
	return nil
}

// drop forgets what hasn't left.
func (p *producer) drop() {
	for _, s := range p.slots {
		p.post(s)
	}
	p.sender.drop(p.touched)
}

// reset is where the next transaction begins.
func (p *producer) reset() {
	if p.transactional() {
		p.sender.hold(p.touched)
	}
	for _, s := range p.slots {
		s.touched = false
	}
	clear(p.slots)
	clear(p.touched)
	p.slots, p.touched, p.joined = p.slots[:0], p.touched[:0], 0
}

// Close aborts what is open, as well as that can be done in a few seconds.
func (p *producer) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.drop()
	p.life.run(func() {
		if p.life.link.Sleep(p.life.ctx, closePatience) == nil {
			p.life.cancel()
		}
	})
	_ = p.life.link.Wait(p.life.ctx, p.sender.stop(), nil) // or until time runs out
	if p.transactional() && !errors.Is(p.life.failure(), stream.ErrFenced) {
		_ = p.life.link.Wait(p.life.ctx, p.conductor.close(), nil)
	}
	p.life.end()
	return nil
}
