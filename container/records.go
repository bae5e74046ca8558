package container

import "github.com/gretestream/grete/stream"

// run processes records of one partition: at most runLength of them, and none
// that is later than until. Then the partition waits for its turn again.
func (c *Container) run(p *partition, until int64) (n int, err error) {
	t := p.task
	t.moved = true
	before := t.changes
	defer func() {
		if v := recover(); v != nil {
			err = c.failed(p, before, newPanicError(v))
		}
	}()
	for ; n < runLength && p.loaded && p.head <= until; n++ {
		before = t.changes
		if err := p.source.Process(); err != nil {
			if err := c.failed(p, before, err); err != nil {
				return n, err
			}
			continue
		}
		if err := c.finished(p); err != nil {
			return n, err
		}
	}
	return n, nil
}

// finished leaves the head behind, moves event time on with it, and loads the
// next one.
func (c *Container) finished(p *partition) error {
	r := &p.chunk[0]
	p.counts.Records++
	p.counts.Time = r.Time
	p.counts.Bytes += int64(len(r.Key) + len(r.Value))
	eventTime := p.head
	p.advance()
	// Of a repartition topic it's the control messages that move the watermark.
	if p.marks == nil && (p.observe(eventTime) || p.idle) {
		p.idle = false
		p.source.SetWatermark(p.effectiveWatermark())
		if err := c.fire(p.task); err != nil {
			return err
		}
	}
	return c.loadHead(p)
}

// loadHead decodes the next record, handling control messages on the way, and
// puts the partition where its event time belongs; or, where the chunk is used
// up, asks for the next.
func (c *Container) loadHead(p *partition) error {
	for len(p.chunk) > 0 {
		r := &p.chunk[0]
		if p.marks != nil && len(r.Headers) > 0 && r.Headers[0].Key == stream.ControlHeader {
			if err := c.control(p, r); err != nil {
				return err
			}
			p.advance()
			continue
		}
		if c.skip[stream.Position{TopicPartition: p.TopicPartition, Offset: r.Offset}] {
			c.skipHead(p)
			continue
		}
		eventTime, err := load(p.source, r)
		if err != nil {
			if err := c.undecodable(p, err); err != nil {
				return err
			}
			continue
		}
		p.head, p.loaded = eventTime, true
		c.chooser.put(p)
		return nil
	}
	c.chooser.remove(p)
	if !p.out {
		return nil
	}
	if p.next > p.position { // beyond holes
		p.position, p.task.moved = p.next, true
	}
	p.out = false
	c.consumer.Release(p.TopicPartition)
	return nil
}

// load decodes a record. What panics there, a serde or the function for the event
// time, is the user's.
func load(s Source, r *stream.Record) (eventTime int64, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = newPanicError(v)
		}
	}()
	return s.Load(r)
}

// undecodable skips the head or fails the job, as the input says.
func (c *Container) undecodable(p *partition, err error) error {
	if !p.source.Skips() {
		return &RecordError{TopicPartition: p.TopicPartition, Offset: p.chunk[0].Offset, Err: err}
	}
	c.skipHead(p)
	return nil
}

// failed handles an error or a panic in the operators. before is the task's
// number of changes before the record was processed.
func (c *Container) failed(p *partition, before int64, err error) error {
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
	c.cfg.Logger.Warn("record skipped", "topic", p.Topic, "partition", p.Partition, "offset", failure.Offset, "operator", failure.Operator, "error", err)
	c.skipHead(p)
	return c.loadHead(p)
}

// skipHead leaves the head out and counts it.
func (c *Container) skipHead(p *partition) {
	p.counts.Records++
	p.counts.Skipped++
	p.task.moved = true
	p.advance()
}

// fire does what the task's watermark makes due. What is more than a bounded
// piece of work is left to advance, between whose steps a commit may come.
func (c *Container) fire(t *task) error {
	due := t.logic.Due()
	if t.pending || due == IdleTime || t.watermark() < due {
		return nil
	}
	return c.act(t, t.logic.Advance)
}

// advance goes on with what is pending, does what control messages and idle
// inputs have made due, and closes what is open when all inputs have ended.
// It tells whether there is more to do.
func (c *Container) advance() (bool, error) {
	more := false
	for _, t := range c.tasks {
		switch {
		case t.ended:
			continue
		case t.inputsEnded():
			if err := c.act(t, t.logic.End); err != nil {
				return false, err
			}
			t.ended = !t.pending
			t.moved = true
		case t.pending:
			if err := c.act(t, t.logic.Advance); err != nil {
				return false, err
			}
		default:
			if err := c.fire(t); err != nil {
				return false, err
			}
		}
		more = more || t.pending
	}
	return more, nil
}

// act calls Advance or End, with panics turned into errors.
func (c *Container) act(t *task, f func() (bool, error)) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &OperatorError{Stage: t.stage.Name, Task: t.ID, Operator: t.logic.Operator(), Err: newPanicError(v)}
		}
	}()
	t.moved = true
	t.pending, err = f()
	if err != nil {
		return &OperatorError{Stage: t.stage.Name, Task: t.ID, Operator: t.logic.Operator(), Err: err}
	}
	return nil
}
