package container

import (
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// makePartitions makes the input partitions of the tasks. Their operators come when
// the loop adopts them.
func (o *opening) makePartitions() {
	for _, t := range o.tasks {
		for input := range t.stage.Inputs {
			if t.ID < t.stage.Inputs[input].Partitions {
				o.partitions = append(o.partitions, o.newPartition(t, input))
			}
		}
	}
}

// newPartition makes one input partition of a task.
func (o *opening) newPartition(t *task, input int) *partition {
	in := &t.stage.Inputs[input]
	p := &partition{
		TopicPartition: stream.TopicPartition{Topic: in.Topic, Partition: t.ID},
		task:           t,
		input:          input,
		bound:          -1,
		watermark:      stream.NoTime,
		heapIndex:      -1,
		counts:         &metrics.Input{Topic: in.Topic, Partition: t.ID, Repartition: in.Repartition(), Next: -1, End: -1},
	}
	if in.Repartition() {
		p.marks = newProducerMarks(in.Producers)
	}
	if bound, ok := o.cfg.Bounds[p.TopicPartition]; ok {
		p.bound = bound
	}
	return p
}
