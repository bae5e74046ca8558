package loop

import (
	"errors"

	"github.com/gretestream/grete/stream"
)

// run processes records of one partition: at most runLength of them, and none
// that is later than until. Then the partition waits for its turn again.
func (l *Loop) run(p *partition, until int64) (n int, err error) {
	t := p.task
	t.Moved, t.reading = true, p
	defer func() {
		t.reading = nil
		if v := recover(); v != nil {
			err = l.panicked(p, NewPanicError(v))
		}
		l.Inputs.arrange(p)
	}()
	for ; n < runLength && p.loaded && p.head <= until && t.paused == 0 && !p.atBootstrapEnd() && !l.interrupted(); n++ {
		if err := l.processHead(p); err != nil {
			if err := l.failed(p, err); err != nil {
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

// processHead takes the head through the operators.
func (l *Loop) processHead(p *partition) error {
	if !l.guarded(p.skips) {
		return p.source.Process()
	}
	t := p.task
	t.begin()
	err := p.source.Process()
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return err
	}
	return t.keep()
}

// finished leaves the head behind, moves event time on with it, and loads the
// next one.
func (l *Loop) finished(p *partition) error {
	r := &p.chunk[0]
	p.counts.Records++
	p.counts.Time = r.Time
	p.counts.Bytes += int64(len(r.Key) + len(r.Value))
	eventTime := p.head
	p.advance()
	// In a repartition topic, control messages move the watermark.
	if p.marks == nil && l.observe(p, eventTime) {
		p.idle = false
		p.source.SetWatermark(p.effectiveWatermark())
		if err := p.task.fire(); err != nil {
			return err
		}
	}
	return l.loadHead(p)
}

// load is loadHead outside of a run: a panic in the user's code is caught, too.
func (l *Loop) load(p *partition) error {
	for {
		if done, err := l.tryLoad(p); done || err != nil {
			return err
		}
	}
}

// tryLoad reports whether it has come to an end: after a record that panicked and
// is skipped, the next one is still to be loaded.
func (l *Loop) tryLoad(p *partition) (done bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			done, err = false, l.undecodable(p, NewPanicError(v))
		}
	}()
	return true, l.loadHead(p)
}

// loadHead decodes the next record, handling control messages on the way. If the
// chunk is used up, it asks for the next one.
func (l *Loop) loadHead(p *partition) error {
	for len(p.chunk) > 0 {
		r := &p.chunk[0]
		if p.marks != nil && len(r.Headers) > 0 && r.Headers[0].Key == stream.ControlHeader {
			l.control(p, r)
			continue
		}
		if failure := l.toSkip(p); failure != nil {
			l.skipHead(p, failure.Operator, failure.Err)
			continue
		}
		p.loading = true
		eventTime, err := p.source.Load(r)
		p.loading = false
		if errors.Is(err, ErrTombstone) {
			l.drop(p)
			continue
		}
		if ahead := (*AheadError)(nil); errors.As(err, &ahead) {
			p.counts.Ahead++
			if ahead.Skips {
				l.skipHead(p, l.undecoded(p), err)
				continue
			}
		}
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
		p.position, p.task.Moved = p.next, true
	}
	l.Inputs.release(p)
	return nil
}

// drop leaves a tombstone behind.
func (l *Loop) drop(p *partition) {
	p.counts.Records++
	p.counts.Tombstones++
	p.task.Moved = true
	p.advance()
}

// control takes in a control message at the head of a repartition partition. One that the
// producers of the topic can't have sent is skipped: it holds no results, and must not hold
// up the job.
func (l *Loop) control(p *partition, r *stream.Record) {
	msg, err := stream.ParseControl(r.Value, p.marks.most)
	if err != nil {
		l.cfg.Logger.Warn("control message skipped: no producer of the topic sends such; check who else may write to it",
			"stage", l.cfg.Stage.Name, "topic", p.Topic, "partition", p.Partition, "offset", r.Offset, "error", err)
		l.skipHead(p, l.undecoded(p), err)
		return
	}
	p.marks.apply(msg)
	p.refreshMarks(l.cfg.Run)
	p.advance()
}
