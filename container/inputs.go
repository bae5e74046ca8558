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
		}
		for input := range c.cfg.Stage.Inputs {
			if t.ID >= c.cfg.Stage.Inputs[input].Partitions {
				logic.Source(input).SetWatermark(IdleTime)
				continue
			}
			c.addPartition(t, input)
		}
	}
	if err := c.locate(ctx, metas); err != nil {
		return err
	}
	for _, p := range c.partitions {
		if p.marks != nil {
			c.refreshMarks(p)
		}
		p.source.SetWatermark(p.effectiveWatermark())
		if err := c.consumer.Assign(p.TopicPartition, p.position); err != nil {
			return fmt.Errorf("task %d: %w", p.task.ID, err)
		}
	}
	return c.checkBounds(ctx)
}

// addPartition makes one input partition of a task.
func (c *Container) addPartition(t *task, input int) {
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
	t.partitions = append(t.partitions, p)
	c.partitions = append(c.partitions, p)
	c.byName[p.TopicPartition] = p
}
