package container

import (
	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// metaRecord describes a task as it stands, with everything up to its positions finished.
func (c *Container) metaRecord(t *task) meta.Record {
	m := meta.New(c.cfg.System.ID(), c.cfg.App, t.stage, t.ID)
	m.Seq, m.AtLeastOnce, m.Clean, m.Topics = t.seq, c.cfg.AtLeastOnce, c.clean, c.ids
	if !c.cfg.AtLeastOnce {
		m.Producer, m.Owner = c.cfg.TransactionalID(), c.owner
	}
	for _, p := range t.partitions {
		in := meta.Input{Topic: p.Topic, Partition: p.Partition, Offset: p.position}
		if p.watermark != stream.NoTime {
			in.Watermark = &p.watermark
		}
		if p.marks != nil {
			in.Epoch, in.Marks = p.marks.epoch, p.marks.marks
		}
		if p.bootstrap {
			in.BootstrapEnd, in.Bootstrapped = p.bootstrapEnd, !p.bootstraps()
		}
		m.Inputs = append(m.Inputs, in)
	}
	m.Operators = t.logic.Marks()
	return m
}
