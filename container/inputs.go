package container

import (
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// newPartition makes an input partition of a task that was recovered.
func newPartition(t *task, from *recovery.Input, in *scheduler.Input) *partition {
	p := &partition{
		TopicPartition: from.TopicPartition,
		task:           t,
		input:          from.Index,
		position:       from.Position,
		bound:          from.Bound,
		priority:       in.Priority,
		bootstrap:      in.Bootstrap,
		bootstrapEnd:   from.BootstrapEnd,
		watermark:      stream.NoTime,
		heapIndex:      -1,
		counts:         &metrics.Input{Topic: in.Topic, Partition: t.ID, Repartition: in.Repartition(), Next: -1, End: -1, OutOfRange: from.OutOfRange},
	}
	if in.Repartition() {
		p.marks = newProducerMarks(in.Producers)
	}
	if from.Last != nil {
		p.resume(from.Last)
	}
	return p
}

// resume restores event time as of the last commit. Whether the input was idle then doesn't
// matter: it may lag now.
func (p *partition) resume(in *meta.Input) {
	if in.Watermark != nil {
		p.watermark = *in.Watermark
	}
	if p.marks != nil && len(in.Marks) > 0 {
		p.marks.epoch, p.marks.marks = in.Epoch, in.Marks
	}
}

// outOfRange continues elsewhere with an input whose next record doesn't exist any more.
func (l *loop) outOfRange(e *stream.OffsetOutOfRangeError) error {
	p := l.byName[e.TopicPartition]
	if p == nil {
		return e
	}
	if p.out {
		return nil // the records that were read come first
	}
	cfg := l.cfg.recovery()
	to, err := cfg.Elsewhere(p.input, e)
	if err != nil {
		return err
	}
	p.counts.OutOfRange++
	p.position, p.task.moved = to, true
	return l.consumer.Assign(e.TopicPartition, p.position)
}
