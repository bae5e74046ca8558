package loop

import "github.com/gretestream/grete/stream"

// unreadable goes on behind records that can't be read, or fails, as the input says.
func (l *Loop) unreadable(e *stream.UnreadableError) error {
	c := l.Inputs.cursors[e.TopicPartition]
	if c == nil {
		return e
	}
	for _, p := range c.readers {
		if p.position >= e.Next || p.unread(l.Inputs.holding) {
			continue
		}
		if !p.source.Skips() {
			return &RecordError{Task: p.task.ID, TopicPartition: e.TopicPartition, Offset: e.Offset, Err: e}
		}
		l.leaveOut(p, e)
	}
	return l.Inputs.restart(c)
}

// leaveOut continues behind records that can't be read.
func (l *Loop) leaveOut(p *partition, e *stream.UnreadableError) {
	l.cfg.Logger.Warn("records skipped: they can't be read", "stage", l.cfg.Stage.Name, "topic", e.Topic, "partition", e.Partition,
		"offset", e.Offset, "last_offset", e.Next-1, "records", e.Records, "error", e.Err)
	l.cfg.Skipped(Skip{Task: p.task.ID, Record: stream.Position{TopicPartition: e.TopicPartition, Offset: e.Offset}, Operator: l.undecoded(p), Err: e})
	p.counts.Records += e.Records
	p.counts.Skipped += e.Records
	p.position, p.task.Moved = e.Next, true
}
