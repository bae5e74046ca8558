package streamtest

import (
	"context"
	"errors"

	"github.com/gretestream/grete/stream"
)

// ErrInterrupted is the error of an [Interrupted] log.
var ErrInterrupted = errors.New("interrupted by the test")

// An Interrupted log fails at one of the commits of those who use it: what they do next
// shows what a crash there would leave. It isn't safe for concurrent use.
type Interrupted struct {
	stream.System
	Left  int  // commits that come before; below 0 when it has failed
	After bool // it fails when the commit is done
}

// OpenProducer opens a producer whose commits are counted.
func (l *Interrupted) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	p, err := l.System.OpenProducer(ctx, cfg)
	return interruptedProducer{p, l}, err
}

type interruptedProducer struct {
	stream.Producer
	log *Interrupted
}

func (p interruptedProducer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	p.log.Left--
	if p.log.Left == -1 && !p.log.After {
		return nil, ErrInterrupted
	}
	ends, err := p.Producer.Commit(ctx, offsets)
	if err == nil && p.log.Left == -1 {
		err = ErrInterrupted
	}
	return ends, err
}
