package loop

import (
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// A Skip is a record that wasn't processed, or not by all operators.
type Skip struct {
	Task int32
	// Record is the position of the input record; its topic is empty if no single record is
	// to blame, as in a window that closes.
	Record stream.Position
	// Operator is the operator that failed. If the record couldn't be decoded, it is an
	// input's, and has no text.
	Operator Operator
	// ByOperator means that the operator's own policy skips its input. Otherwise the policy
	// of the stage's input skips the whole record.
	ByOperator bool
	Err        error
}

// panicked handles a panic within a run: in a serde or the function for the event
// time, or in the operators.
func (l *Loop) panicked(p *partition, err error) error {
	if !p.loading {
		return l.failed(p, err)
	}
	if err := l.undecodable(p, err); err != nil {
		return err
	}
	return l.load(p)
}

// undecodable skips the head or fails the job, as the input says.
func (l *Loop) undecodable(p *partition, err error) error {
	p.loading = false
	if !p.source.Skips() {
		return &RecordError{Task: p.task.ID, TopicPartition: p.TopicPartition, Offset: p.chunk[0].Offset, Err: err}
	}
	l.skipHead(p, l.undecoded(p), err)
	return nil
}

// failed handles an error or a panic in the operators.
func (l *Loop) failed(p *partition, err error) error {
	if !p.loaded {
		return err // not in the operators: the record was finished
	}
	t := p.task
	operator, err := t.blame(err)
	failure := &RecordError{Task: t.ID, TopicPartition: p.TopicPartition, Offset: p.chunk[0].Offset, Operator: operator, Err: err}
	if !p.skips || !ofRecord(err) {
		return failure
	}
	if !t.takeBack() {
		return &ReplayError{Without: failure}
	}
	l.skipHead(p, operator, err)
	return l.load(p)
}

// blame returns the operator that has failed: the one that ran last, or the one whose value
// can't be kept. A panic of an encoder is made an error that names the value.
func (t *Task) blame(err error) (Operator, error) {
	if panicked := (*PanicError)(nil); t.State != nil && errors.As(err, &panicked) {
		err = t.State.EncodingError(err)
	}
	if entry := (*kv.EntryError)(nil); errors.As(err, &entry) && !entry.Stored {
		return t.logic.OperatorOf(t.stage.Stores[entry.Number].Node), err
	}
	return t.logic.Operator(), err
}

// takeBack is rewind, after which the loop stays careful for a while.
func (t *Task) takeBack() bool {
	if t.loop.careful > 0 {
		t.loop.careful = max(t.loop.careful, carefulRecords)
	}
	return t.rewind()
}

// toSkip returns why to leave out the head, which has failed in an earlier life of the
// container; nil: it is processed.
func (l *Loop) toSkip(p *partition) *RecordError {
	if len(l.cfg.Skip) == 0 {
		return nil
	}
	return l.cfg.Skip[Place{p.task.ID, p.headPosition()}]
}

// undecoded is the operator of a record that can't be decoded: an input of its topic.
func (l *Loop) undecoded(p *partition) Operator {
	in := &l.cfg.Stage.Inputs[p.input]
	if len(in.Nodes) == 0 {
		return Operator{Name: in.Topic}
	}
	return Operator{Node: in.Nodes[0], Name: in.Topic}
}

// skipHead leaves the head out, counts it where it has failed, and reports it.
func (l *Loop) skipHead(p *partition, operator Operator, why error) {
	l.cfg.Skipped(Skip{Task: p.task.ID, Record: p.headPosition(), Operator: operator, Err: why})
	p.counts.Records++
	if operator.Text == "" {
		p.counts.Skipped++
	} else {
		p.task.Counts(operator.Name).Skipped++
	}
	p.task.Moved = true
	p.advance()
}

// ofRecord reports whether a failure in the operators may be the record's own, so that
// skipping it helps. Failures of the disk and the log aren't.
func ofRecord(err error) bool {
	return !errors.Is(err, stream.ErrFenced) && !errors.Is(err, stream.ErrAborted) &&
		!errors.As(err, new(*kv.DatabaseError)) && !errors.As(err, new(*stream.ProducerError))
}
