package container

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// openInputs builds the operators of the restored tasks and starts reading where
// their meta records say.
func (c *Container) openInputs(ctx context.Context, metas []*meta) error {
	for i, t := range c.tasks {
		logic, err := c.cfg.Program.NewLogic(c.cfg.Stage, &t.Task)
		if err != nil {
			return fmt.Errorf("task %d: %w", t.ID, err)
		}
		t.logic = logic
		if metas[i] != nil {
			logic.SetMarks(metas[i].Operators)
		} else {
			t.moved = true // the first commit sets its offsets, so it must write its meta record too
		}
		for input := range c.cfg.Stage.Inputs {
			if t.ID >= c.cfg.Stage.Inputs[input].Partitions {
				logic.Source(input).SetWatermark(IdleTime)
				continue
			}
			if err := c.openPartition(ctx, t, input, metas[i]); err != nil {
				return fmt.Errorf("task %d: %w", t.ID, err)
			}
		}
	}
	return nil
}

// openPartition starts reading one input partition of a task.
func (c *Container) openPartition(ctx context.Context, t *task, input int, m *meta) error {
	in := c.cfg.Stage.Inputs[input]
	p := &partition{
		TopicPartition: stream.TopicPartition{Topic: in.Topic, Partition: t.ID},
		task:           t,
		input:          input,
		source:         t.logic.Source(input),
		bound:          -1,
		watermark:      stream.NoTime,
		heapIndex:      -1,
		counts:         &metrics.Input{Topic: in.Topic, Partition: t.ID, Repartition: in.Repartition(), Next: -1, End: -1},
	}
	t.counts.Inputs = append(t.counts.Inputs, p.counts)
	p.disorder = p.source.Disorder().Milliseconds()
	if in.Repartition() {
		p.marks = newProducerMarks(in.Producers)
	}
	if bound, ok := c.cfg.Bounds[p.TopicPartition]; ok {
		p.bound = bound
	}
	if err := c.locate(ctx, p, m); err != nil {
		return err
	}
	t.partitions = append(t.partitions, p)
	c.partitions = append(c.partitions, p)
	c.byName[p.TopicPartition] = p
	if p.marks != nil {
		c.refreshMarks(p)
	}
	p.source.SetWatermark(p.effectiveWatermark())
	return c.consumer.Assign(p.TopicPartition, p.position)
}

// locate sets where the partition stood at the last commit: as the meta record
// says, or at the oldest record of a partition that was never read.
func (c *Container) locate(ctx context.Context, p *partition, m *meta) error {
	committed, err := c.cfg.System.Admin().Committed(ctx, c.cfg.Stage.Group, p.TopicPartition)
	if err != nil {
		return fmt.Errorf("%s: %w", p.TopicPartition, err)
	}
	in, ok := metaInput{}, false
	if m != nil {
		in, ok = m.input(p.TopicPartition)
	}
	if !ok {
		if committed[0] >= 0 {
			return fmt.Errorf("%s: group %s has offset %d, but there is no meta record with it in the changelog: was that deleted? Delete the group's offsets or the data directory to begin anew", p.TopicPartition, c.cfg.Stage.Group, committed[0])
		}
		starts, err := c.cfg.System.Admin().Starts(ctx, p.TopicPartition)
		if err != nil {
			return fmt.Errorf("%s: %w", p.TopicPartition, err)
		}
		p.position = starts[0]
		return nil
	}
	// An expired group offset is no disagreement; another one is.
	if committed[0] >= 0 && committed[0] != in.Offset {
		return fmt.Errorf("%s: group %s has offset %d, but the state is as of offset %d: the group's offset was changed from outside", p.TopicPartition, c.cfg.Stage.Group, committed[0], in.Offset)
	}
	p.position, p.idle = in.Offset, in.Idle
	if in.Watermark != nil {
		p.watermark = *in.Watermark
	}
	if p.marks != nil && len(in.Marks) > 0 {
		p.marks.epoch, p.marks.marks = in.Epoch, in.Marks
	}
	return nil
}
