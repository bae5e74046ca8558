package container

import "github.com/gretestream/grete/stream"

// run processes records of one partition: at most runLength of them, and none
// that is later than until. Then the partition waits for its turn again.
func (l *loop) run(p *partition, until int64) (n int, err error) {
	t := p.task
	t.moved, t.reading = true, p
	before := t.changes
	defer func() {
		t.reading = nil
		if v := recover(); v != nil {
			err = l.panicked(p, before, newPanicError(v))
		}
		l.arrange(p)
	}()
	for ; n < runLength && p.loaded && p.head <= until && t.paused == 0 && !p.atBootstrapEnd(); n++ {
		before = t.changes
		if err := p.source.Process(); err != nil {
			if err := l.failed(p, before, err); err != nil {
				return n, err
			}
			continue
		}
		if err := l.finished(p); err != nil {
			return n, err
		}
	}
	return n, nil
}

// finished leaves the head behind, moves event time on with it, and loads the
// next one.
func (l *loop) finished(p *partition) error {
	r := &p.chunk[0]
	p.counts.Records++
	p.counts.Time = r.Time
	p.counts.Bytes += int64(len(r.Key) + len(r.Value))
	eventTime := p.head
	p.advance()
	// In a repartition topic, control messages move the watermark.
	if p.marks == nil && (p.observe(eventTime) || p.idle) {
		p.idle = false
		p.source.SetWatermark(p.effectiveWatermark())
		if err := p.task.fire(); err != nil {
			return err
		}
	}
	return l.loadHead(p)
}

// load is loadHead outside of a run: a panic in the user's code is caught, too.
func (l *loop) load(p *partition) error {
	for {
		if done, err := l.tryLoad(p); done || err != nil {
			return err
		}
	}
}

// tryLoad reports whether it has come to an end: after a record that panicked and
// is skipped, the next one is still to be loaded.
func (l *loop) tryLoad(p *partition) (done bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			done, err = false, l.undecodable(p, newPanicError(v))
		}
	}()
	return true, l.loadHead(p)
}

// loadHead decodes the next record, handling control messages on the way. If the
// chunk is used up, it asks for the next one.
func (l *loop) loadHead(p *partition) error {
	for len(p.chunk) > 0 {
		r := &p.chunk[0]
		if p.marks != nil && len(r.Headers) > 0 && r.Headers[0].Key == stream.ControlHeader {
			if err := l.control(p, r); err != nil {
				return err
			}
			p.advance()
			continue
		}
		if failure := l.toSkip(p); failure != nil {
			l.skipHead(p, failure.Operator, failure.Err)
			continue
		}
		p.loading = true
		eventTime, err := p.source.Load(r)
		p.loading = false
		if err != nil {
			if err := l.undecodable(p, err); err != nil {
				return err
			}
			continue
		}
		p.head, p.loaded = eventTime, true
		return nil
	}
	if !p.out {
		return nil
	}
	if p.next > p.position { // beyond holes
		p.position, p.task.moved = p.next, true
	}
	p.out = false
	l.consumer.Release(p.TopicPartition)
	return nil
}

// panicked handles a panic within a run: in a serde or the function for the event
// time, or in the operators.
func (l *loop) panicked(p *partition, before int64, err error) error {
	if !p.loading {
		return l.failed(p, before, err)
	}
	if err := l.undecodable(p, err); err != nil {
		return err
	}
	return l.load(p)
}

// undecodable skips the head or fails the job, as the input says.
func (l *loop) undecodable(p *partition, err error) error {
	p.loading = false
	if !p.source.Skips() {
		return &RecordError{TopicPartition: p.TopicPartition, Offset: p.chunk[0].Offset, Err: err}
	}
	l.skipHead(p, "", err)
	return nil
}

// failed handles an error or a panic in the operators. before is the task's
// number of changes before the record was processed.
func (l *loop) failed(p *partition, before int64, err error) error {
	if !p.loaded {
		return err // not in the operators: the record was finished
	}
	failure := &RecordError{TopicPartition: p.TopicPartition, Offset: p.chunk[0].Offset, Operator: p.task.logic.Operator(), Err: err}
	if !p.source.Skips() || !ofRecord(err) {
		return failure
	}
	if p.task.changes != before {
		return &replayError{cause: failure}
	}
	l.skipHead(p, failure.Operator, err)
	return l.load(p)
}

// toSkip returns why to leave out the head, which has failed in an earlier life of the
// container; nil: it is processed.
func (l *loop) toSkip(p *partition) *RecordError {
	if len(l.skip) == 0 {
		return nil
	}
	return l.skip[p.headPosition()]
}

// skipHead leaves the head out, counts it, and reports it. The operator is empty if the
// record can't be decoded.
func (l *loop) skipHead(p *partition, operator string, why error) {
	l.cfg.skipped(Skip{Task: p.task.ID, Record: p.headPosition(), Operator: operator, Err: why})
	p.counts.Records++
	p.counts.Skipped++
	p.task.moved = true
	p.advance()
}

// fire does what the task's watermark makes due. What is more than a bounded
// piece of work is left to advance, between whose steps a commit may come.
func (t *task) fire() error {
	due := t.logic.Due()
	if t.pending || due == IdleTime || t.watermark() < due {
		return nil
	}
	return t.act(t.logic.Advance)
}

// advance goes on with what is pending, does what control messages and idle
// inputs have made due, and closes what is open when all inputs have ended.
// It reports whether there is more to do.
func (l *loop) advance() (bool, error) {
	more := false
	for _, t := range l.tasks {
		switch {
		case t.ended:
			continue
		case t.inputsEnded():
			if err := t.act(t.logic.End); err != nil {
				return false, err
			}
			t.ended = !t.pending && !t.logic.Busy()
			t.moved = true
		case t.pending:
			if err := t.act(t.logic.Advance); err != nil {
				return false, err
			}
		default:
			if err := t.fire(); err != nil {
				return false, err
			}
		}
		more = more || t.pending
	}
	return more, nil
}

// act calls Advance or End.
func (t *task) act(f func() (bool, error)) (err error) {
	t.moved = true
	return t.guarded(func() (err error) {
		t.pending, err = f()
		return err
	})
}

// guarded calls the operators, with errors and panics as errors that name them.
func (t *task) guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &OperatorError{Stage: t.stage.Name, Task: t.ID, Operator: t.logic.Operator(), Err: newPanicError(v)}
		}
	}()
	if err := f(); err != nil {
		return &OperatorError{Stage: t.stage.Name, Task: t.ID, Operator: t.logic.Operator(), Err: err}
	}
	return nil
}
