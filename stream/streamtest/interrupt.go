package streamtest

import (
	"context"
	"errors"

	"github.com/gretestream/grete/stream"
)

// ErrInterrupted is the error of an [Interrupted] system.
var ErrInterrupted = errors.New("interrupted by the test")

// An Interrupted system fails at one commit, so that a test can continue with the state
// that a crash at that point would leave. It isn't safe for concurrent use.
type Interrupted struct {
	stream.System
	Left  int  // number of commits that succeed; negative after the failure
	After bool // fail after the commit was done, instead of before
}

// OpenProducer opens a producer whose commits count.
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
