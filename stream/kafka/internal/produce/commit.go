package produce

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
)

// Flush waits until everything that was sent is delivered.
func (p *Producer) Flush(ctx context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.failOn(p.flush(ctx))
}

func (p *Producer) flush(ctx context.Context) error {
	for _, s := range p.openPartitions {
		p.closeBatch(s)
	}
	p.send()
	return p.life.Await(ctx, p.sender.delivered())
}

// failOn ends the producer on an error, as it is unknown how much has been done.
func (p *Producer) failOn(err error) error {
	if err == nil {
		return nil
	}
	p.life.Fail(err)
	return p.fatal(p.life.Failure())
}

// Commit commits the transaction. An at-least-once producer waits until everything is
// delivered, and then commits the offsets.
func (p *Producer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.checkOffsets(ctx, offsets); err != nil {
		return nil, p.wrap(err)
	}
	if len(p.buffers)+len(offsets.Positions) == 0 {
		return nil, nil
	}
	if err := p.commit(ctx, offsets); stale(err) {
		return nil, p.wrap(err) // the transaction may still be committed
	} else if err != nil {
		return nil, p.failOn(err)
	}
	ends := p.sender.ends(p.buffers)
	p.reset()
	return ends, nil
}

func (p *Producer) commit(ctx context.Context, offsets stream.GroupOffsets) error {
	given := len(offsets.Positions) > 0
	if given && p.transactional() {
		p.txn.addGroupOffsets(offsets) // while the last records are in flight
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	if p.transactional() {
		return p.txn.finish(ctx, commit)
	}
	if given {
		return p.client.CommitOffsets(ctx, offsets)
	}
	return nil
}

// checkOffsets finds what a broker would refuse, while nothing has happened yet.
func (p *Producer) checkOffsets(ctx context.Context, offsets stream.GroupOffsets) error {
	if err := offsets.Check(); err != nil {
		return err
	}
	for _, at := range offsets.Positions {
		known := p.client.Metadata.Partitions(at.Topic)
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

// Abort aborts the transaction. An at-least-once producer takes back what hasn't been
// sent.
func (p *Producer) Abort(ctx context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.drop()
	return p.failOn(p.abort(ctx))
}

func (p *Producer) abort(ctx context.Context) error {
	// Batches in flight must have arrived, so that they are aborted, too.
	if err := p.life.Await(ctx, p.sender.delivered()); err != nil {
		return err
	}
	if p.transactional() {
		if err := p.txn.finish(ctx, abort); err != nil {
			return err
		}
	}
	p.reset()
	return nil
}

// drop takes back what no broker can have seen.
func (p *Producer) drop() {
	for _, s := range p.openPartitions {
		p.closeBatch(s)
	}
	p.sender.drop(p.buffers)
}

// reset prepares the next transaction.
func (p *Producer) reset() {
	if p.transactional() {
		p.sender.hold(p.buffers)
	}
	for _, s := range p.openPartitions {
		s.inUse = false
	}
	clear(p.openPartitions)
	clear(p.buffers)
	p.openPartitions, p.buffers, p.addedBuffers = p.openPartitions[:0], p.buffers[:0], 0
}
