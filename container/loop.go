package container

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// A loop takes records from the consumer through the operators of the running tasks.
type loop struct {
	cfg        *Config
	consumer   stream.Consumer
	chooser    chooser
	tasks      taskList
	partitions []*partition // of the tasks
	byName     map[stream.TopicPartition]*partition
	skip       map[stream.Position]*RecordError // records to leave out
	holding    bool                             // only the job's own traffic is read
	now        int64                            // of the current step, in ms since 1970
	lastIdle   time.Time                        // when idle inputs were looked for
}

// poll takes in the chunks that have arrived.
func (l *loop) poll() error {
	chunks, err := l.consumer.Poll()
	if outside := (*stream.OffsetOutOfRangeError)(nil); errors.As(err, &outside) {
		err = l.outOfRange(outside)
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	for _, chunk := range chunks {
		p := l.byName[chunk.TopicPartition]
		if p == nil {
			continue
		}
		p.take(chunk)
		if err := l.load(p); err != nil {
			return err
		}
		l.arrange(p)
	}
	return nil
}

// attach starts reading a partition of a task whose operators are built.
func (l *loop) attach(p *partition) error {
	t := p.task
	p.source = t.logic.Source(p.input)
	p.disorder = p.source.Disorder().Milliseconds()
	t.counts.Inputs = append(t.counts.Inputs, p.counts)
	t.partitions = append(t.partitions, p)
	l.partitions = append(l.partitions, p)
	l.byName[p.TopicPartition] = p
	if p.marks != nil {
		l.refreshMarks(p)
	}
	p.source.SetWatermark(p.effectiveWatermark())
	if l.holding && p.fromOutside() {
		return nil
	}
	return l.consumer.Assign(p.TopicPartition, p.position)
}

// detach stops reading the partitions of tasks, and drops the tasks.
func (l *loop) detach(tasks []*task) {
	gone := func(t *task) bool { return slices.Contains(tasks, t) }
	for _, p := range l.partitions {
		if gone(p.task) {
			l.consumer.Unassign(p.TopicPartition)
			l.chooser.remove(p)
			delete(l.byName, p.TopicPartition)
		}
	}
	l.partitions = slices.DeleteFunc(l.partitions, func(p *partition) bool { return gone(p.task) })
	l.tasks = slices.DeleteFunc(slices.Clone(l.tasks), gone)
}

// hold stops reading the inputs, or goes on reading them. Watermarks stay as they are: an
// input that is held isn't idle.
func (l *loop) hold(holding bool) error {
	l.holding = holding
	for _, p := range l.partitions {
		switch {
		case !p.fromOutside() || p.ended:
		case holding:
			l.consumer.Unassign(p.TopicPartition)
			l.chooser.remove(p)
			p.drop()
		default:
			if err := l.consumer.Assign(p.TopicPartition, p.position); err != nil {
				return err
			}
		}
	}
	for _, t := range l.tasks {
		l.arrangeAll(t)
	}
	return nil
}
