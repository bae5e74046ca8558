package kafka

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
)

// This file is how a transaction, or what was sent since the last commit, ends.

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
	return p.ended(p.life.failure())
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
	if err := p.commit(ctx, offsets); stale(err) {
		return nil, p.named(err) // all that was sent may be committed still
	} else if err != nil {
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
		return p.client.commitOffsets(ctx, offsets)
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
		known := p.client.cluster.partitions(at.Topic)
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
