package loop

import (
	"slices"
	"time"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/stream"
)

// Inputs are the input partitions of the running tasks: which are read, and whose record
// comes next.
type Inputs struct {
	cfg        *Config
	consumer   *generate.Consumer
	chooser    chooser
	partitions []*partition
	cursors    map[stream.TopicPartition]*cursor
	bounded    bool      // some have a bound
	holding    bool      // only the job's own traffic is read
	lastIdle   time.Time // when idle inputs were looked for
}

// attach starts reading a partition of a task whose operators are built.
func (in *Inputs) attach(p *partition) error {
	t := p.task
	p.source = t.Logic.Source(p.input, p.Partition)
	p.skips = p.source.Skips()
	p.disorder, p.maxAhead = p.source.Disorder().Milliseconds(), p.source.MaxAhead().Milliseconds()
	t.counts.Inputs = append(t.counts.Inputs, p.counts)
	t.partitions = append(t.partitions, p)
	in.partitions = append(in.partitions, p)
	in.bounded = in.bounded || p.bound >= 0 || p.generator != "" && in.cfg.Run != 0
	if p.generator != "" {
		in.consumer.Add(p.TopicPartition, p.generator, p.source.(Generator))
	}
	if p.marks != nil {
		p.refreshMarks(in.cfg.Run)
	}
	p.source.SetWatermark(p.effectiveWatermark())
	return in.join(p)
}

// detach stops reading the partitions of tasks.
func (in *Inputs) detach(gone func(task int32) bool) {
	for _, p := range in.partitions {
		if gone(p.task.ID) {
			in.chooser.remove(p)
			in.leave(p)
		}
	}
	in.partitions = slices.DeleteFunc(in.partitions, func(p *partition) bool { return gone(p.task.ID) })
}

// Holding reports whether only the job's own traffic is read; see [Inputs.Hold].
func (in *Inputs) Holding() bool { return in.holding }

// Hold stops reading the inputs of the job, or goes on reading them. The traffic between
// its stages goes on. Watermarks stay as they are: an input that is held isn't idle.
func (in *Inputs) Hold(holding bool) error {
	in.holding = holding
	for _, p := range in.partitions {
		if !p.fromOutside() || p.cursor.readers[0] != p {
			continue
		}
		if err := in.restart(p.cursor); err != nil {
			return err
		}
	}
	for _, p := range in.partitions {
		in.arrange(p)
	}
	return nil
}

// Positions are the next offsets to process, for the offsets of the group. Of the tasks
// that read a partition together, only one has its position among them.
func (in *Inputs) Positions() []stream.Position {
	all := make([]stream.Position, 0, len(in.partitions))
	for _, p := range in.partitions {
		if in.cfg.Stage.Committer(&in.cfg.Stage.Inputs[p.input], p.Partition) != p.task.ID {
			continue
		}
		all = append(all, stream.Position{TopicPartition: p.TopicPartition, Offset: p.position})
	}
	return all
}

// Processed are the positions in repartition topics: nobody reads the records before them
// again.
func (in *Inputs) Processed() (before []stream.Position) {
	for _, p := range in.partitions {
		if p.marks != nil && p.position > 0 {
			before = append(before, stream.Position{TopicPartition: p.TopicPartition, Offset: p.position})
		}
	}
	return before
}

// EventTime and Promise are for test harnesses, which move event time by hand.

// EventTime is the highest event time that was seen in inputs that aren't repartition
// topics; stream.NoTime if there was none.
func (in *Inputs) EventTime() int64 {
	highest := int64(stream.NoTime)
	for _, p := range in.partitions {
		if p.marks == nil && p.watermark != stream.NoTime {
			highest = max(highest, p.watermark+p.disorder)
		}
	}
	return highest
}

// Promise tells that nothing earlier than eventTime will come any more, in any
// input that isn't a repartition topic.
func (in *Inputs) Promise(eventTime int64) {
	for _, p := range in.partitions {
		if p.marks != nil || p.ended || p.watermark >= eventTime {
			continue
		}
		p.watermark, p.idle = eventTime, false
		p.source.SetWatermark(eventTime)
		p.task.Moved = true
	}
}

// Attach starts reading the inputs of a task whose operators are built.
func (t *Running) Attach(inputs []*recovery.Input) error {
	for _, from := range inputs {
		if err := t.loop.Inputs.attach(newPartition(t, from)); err != nil {
			return err
		}
	}
	t.bootstrapping = t.bootstraps()
	return nil
}
