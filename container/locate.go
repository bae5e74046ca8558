package container

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// locate sets where each input goes on: where the meta record says, or where an
// input starts that was never read.
func (o *opening) locate(ctx context.Context) error {
	tps := make([]stream.TopicPartition, len(o.partitions))
	for i, p := range o.partitions {
		tps[i] = p.TopicPartition
	}
	if len(tps) == 0 {
		return nil
	}
	group := o.cfg.Stage.Group
	committed, err := o.cfg.System.Admin().Committed(ctx, group, tps...)
	if err != nil {
		return fmt.Errorf("offsets of group %s: %w", group, err)
	}
	of := make(map[*task]*meta)
	for i, t := range o.tasks {
		of[t] = o.metas[i]
	}
	var fresh []*partition
	var anew []renewed
	for i, p := range o.partitions {
		m := of[p.task]
		in, ok, why := metaInput{}, false, ""
		if m != nil {
			in, ok = m.input(p.TopicPartition)
			why = o.madeAnew(p.Topic, m)
		}
		switch {
		case ok && why != "":
			p.resume(in)
			anew = append(anew, renewed{p, why})
		case ok:
			if err := m.checkOffset(in, group, committed[i]); err != nil {
				return disownedError{err}
			}
			p.resume(in)
			if committed[i] != in.Offset {
				p.task.moved = true // so that it is put right
			}
		case committed[i] >= 0:
			return disownedError{fmt.Errorf("%s: group %s has offset %d, but there is no meta record with it in the changelog: was that topic deleted, and made anew? "+
				"Start over under another app name, or delete the group's offsets, to begin without state where the input begins (on the embedded log: use another data directory)", p.TopicPartition, group, committed[i])}
		default:
			fresh = append(fresh, p)
		}
	}
	if err := o.locateRenewed(ctx, anew); err != nil {
		return err
	}
	return o.locateFresh(ctx, fresh)
}

// checkOffset compares the offset that a group has, -1 if none, with the meta
// record's. An expired one is no disagreement. Neither is one behind it, if it is
// committed after the meta record: it hadn't come to that.
func (m *meta) checkOffset(in metaInput, group string, committed int64) error {
	if committed < 0 || committed == in.Offset || committed < in.Offset && m.AtLeastOnce && !m.Clean {
		return nil
	}
	tp := stream.TopicPartition{Topic: in.Topic, Partition: in.Partition}
	return fmt.Errorf("%s: group %s has offset %d, but the state is as of offset %d: the group's offset was changed from outside. "+
		"Set it back to %d, or delete the group's offsets, to go on with the state; to read from elsewhere, reset the job",
		tp, group, committed, in.Offset, in.Offset)
}

// resume goes on where the input was at the last commit. That it was idle then says
// nothing: it may lag now.
func (p *partition) resume(in metaInput) {
	p.position = in.Offset
	if in.Watermark != nil {
		p.watermark = *in.Watermark
	}
	if p.marks != nil && len(in.Marks) > 0 {
		p.marks.epoch, p.marks.marks = in.Epoch, in.Marks
	}
}

// locateFresh sets where inputs start that were never read. The first commit makes
// that final, before anything is read.
func (o *opening) locateFresh(ctx context.Context, fresh []*partition) error {
	byStart := make(map[int64][]*partition)
	for _, p := range fresh {
		in := &o.cfg.Stage.Inputs[p.input]
		start := in.Start
		if start == scheduler.StartNewest && p.Partition >= in.Partitions-in.Grown {
			start = 0 // nothing in it is older than the job
		}
		byStart[start] = append(byStart[start], p)
		p.task.moved, o.unsettled = true, true
	}
	for start, partitions := range byStart {
		tps := make([]stream.TopicPartition, len(partitions))
		for i, p := range partitions {
			tps[i] = p.TopicPartition
		}
		offsets, err := o.startOffsets(ctx, start, tps)
		if err != nil {
			return fmt.Errorf("asking where the inputs start: %w", err)
		}
		for i, p := range partitions {
			p.position = offsets[i]
		}
	}
	return nil
}

// startOffsets are the offsets that a [scheduler.Input.Start] means.
func (o *opening) startOffsets(ctx context.Context, start int64, tps []stream.TopicPartition) ([]int64, error) {
	admin := o.cfg.System.Admin()
	switch start {
	case 0:
		return admin.Starts(ctx, tps...)
	case scheduler.StartNewest:
		return admin.Ends(ctx, tps...)
	default:
		return admin.OffsetsAt(ctx, start, tps...)
	}
}

// checkBounds looks for inputs that end before where they have been read to: the
// topic was made anew. A bounded run takes such an input for done and would never
// ask for the record that isn't there.
func (o *opening) checkBounds(ctx context.Context) error {
	for _, p := range o.partitions {
		if p.bound < 0 || p.position <= p.bound {
			continue
		}
		starts, err := o.cfg.System.Admin().Starts(ctx, p.TopicPartition)
		if err != nil {
			return fmt.Errorf("asking where the inputs start: %w", err)
		}
		gone := &stream.OffsetOutOfRangeError{TopicPartition: p.TopicPartition, Offset: p.position, Start: starts[0], End: p.bound}
		if err := o.cfg.outside(p, gone); err != nil {
			return fmt.Errorf("reading: %w", err)
		}
	}
	return nil
}

// outside goes on elsewhere with an input that is being read, and whose next record
// isn't there.
func (c *Container) outside(e *stream.OffsetOutOfRangeError) error {
	p := c.byName[e.TopicPartition]
	if p == nil {
		return e
	}
	if p.out {
		return nil // first what has been read
	}
	if err := c.cfg.outside(p, e); err != nil {
		return err
	}
	return c.consumer.Assign(e.TopicPartition, p.position)
}

// outside moves an input whose next record isn't there to where the input says, if it
// does.
func (c Config) outside(p *partition, e *stream.OffsetOutOfRangeError) error {
	if c.Stage.Inputs[p.input].Repartition() {
		return disownedError{fmt.Errorf("%w: it carries the job's own traffic, of which only this task may delete anything: start again, and if that fails too, start over under another app name", e)}
	}
	if !c.goOn(p, e, "the next record isn't there any more") {
		return fmt.Errorf("%w: records were deleted before they were processed, or the topic was made anew; %s", e, onOutOfRange)
	}
	return nil
}

// onOutOfRange is what can be done about an offset that means nothing.
const onOutOfRange = "OnOutOfRange of the input can say to go on with the oldest or the newest that is there"

// goOn moves an input to where it says, if it does.
func (c Config) goOn(p *partition, e *stream.OffsetOutOfRangeError, why string) bool {
	to := e.Start
	switch c.Stage.Inputs[p.input].OutOfRange {
	case scheduler.OutOfRangeOldest:
	case scheduler.OutOfRangeNewest:
		to = e.End
	default:
		return false
	}
	c.Logger.Warn(why+": going on elsewhere", "topic", e.Topic, "partition", e.Partition,
		"offset", e.Offset, "start", e.Start, "end", e.End, "resume", to)
	p.counts.OutOfRange++
	p.position, p.task.moved = to, true
	return true
}
