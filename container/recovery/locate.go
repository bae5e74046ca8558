package recovery

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// locate sets where each input continues: where the meta record says, or where an input
// starts that was never read.
func (r *Recovery) locate(ctx context.Context) error {
	inputs := r.locateGenerators(r.makeInputs())
	if len(inputs) == 0 {
		return nil
	}
	group := r.cfg.Stage.Group
	committed, err := offsetsOf(inputs, func(tps []stream.TopicPartition) ([]int64, error) {
		return r.cfg.System.Admin().Committed(ctx, group, tps...)
	})
	if err != nil {
		return fmt.Errorf("offsets of group %s: %w", group, err)
	}
	var fresh []*Input
	var recreated []recreatedInput
	for i, in := range inputs {
		last, why := in.lastCommit(), ""
		if !r.checked(in) {
			committed[i] = -1
		}
		if in.task.Last != nil {
			why = r.recreated(in.Topic, in.task.Last)
		}
		switch {
		case last != nil && why != "":
			in.resume(last)
			recreated = append(recreated, recreatedInput{in, why})
		case last != nil:
			if err := checkOffset(in.task.Last, *last, group, committed[i]); err != nil {
				return DisownedError{err}
			}
			in.resume(last)
			if committed[i] != last.Offset {
				in.task.Moved = true // so that the next commit corrects it
			}
		case committed[i] >= 0:
			return DisownedError{fmt.Errorf("%s: group %s has offset %d, but there is no meta record with it in the changelog: was that topic deleted and created again? "+
				"Start over under another app name, or delete the group's offsets, to begin without state where the input begins (on the embedded log: use another data directory)", in.TopicPartition, group, committed[i])}
		default:
			fresh = append(fresh, in)
		}
	}
	if err := r.locateRecreated(ctx, recreated); err != nil {
		return err
	}
	if err := r.locateFresh(ctx, fresh); err != nil {
		return err
	}
	return r.locateBootstrap(ctx, inputs)
}

// locateGenerators sets how many values of generators are done with, and returns the other
// inputs. No group has offsets of generators.
func (r *Recovery) locateGenerators(inputs []*Input) []*Input {
	return slices.DeleteFunc(inputs, func(in *Input) bool {
		if !r.cfg.Stage.Inputs[in.Index].Generator() {
			return false
		}
		if last := in.lastCommit(); last != nil {
			in.resume(last)
		} else {
			in.task.Moved = true
		}
		return true
	})
}

// makeInputs makes the input partitions of the tasks, and returns all of them.
func (r *Recovery) makeInputs() []*Input {
	var all []*Input
	for _, t := range r.Tasks {
		for i := range r.cfg.Stage.Inputs {
			input := &r.cfg.Stage.Inputs[i]
			for _, p := range input.Reads(t.ID) {
				in := &Input{TopicPartition: stream.TopicPartition{Topic: input.Topic, Partition: p}, Index: i, Bound: -1, task: t}
				if bound, ok := r.cfg.Bounds[in.TopicPartition]; ok {
					in.Bound = bound
				}
				t.Inputs, all = append(t.Inputs, in), append(all, in)
			}
		}
	}
	return all
}

// checked reports whether the group's offset of an input must be that of its task. If
// several tasks read the input, the offset is that of one of them, and which one depends on
// their number.
func (r *Recovery) checked(in *Input) bool {
	return r.cfg.Stage.Tasks == 1 || !r.cfg.Stage.Inputs[in.Index].Everywhere()
}

// offsetsOf returns offsets of the inputs, which look finds. It gives each partition to look
// once: several tasks may read it.
func offsetsOf(inputs []*Input, look func([]stream.TopicPartition) ([]int64, error)) ([]int64, error) {
	at := make(map[stream.TopicPartition]int)
	var tps []stream.TopicPartition
	for _, in := range inputs {
		if _, known := at[in.TopicPartition]; !known {
			at[in.TopicPartition] = len(tps)
			tps = append(tps, in.TopicPartition)
		}
	}
	found, err := look(tps)
	if err != nil {
		return nil, err
	}
	offsets := make([]int64, len(inputs))
	for i, in := range inputs {
		offsets[i] = found[at[in.TopicPartition]]
	}
	return offsets, nil
}

// lastCommit returns what the task's meta record says about the input; nil if nothing.
func (in *Input) lastCommit() *meta.Input {
	if in.task.Last == nil {
		return nil
	}
	if last, ok := in.task.Last.Input(in.TopicPartition); ok {
		return &last
	}
	return nil
}

// resume continues where the input was at the last commit.
func (in *Input) resume(last *meta.Input) { in.Position, in.Last = last.Offset, last }

// checkOffset compares the offset that a group has, -1 if none, with the meta record's. An
// expired offset is no contradiction. Neither is one behind the meta record, if offsets are
// committed after it: a crash may have prevented that.
func checkOffset(m *meta.Record, in meta.Input, group string, committed int64) error {
	if committed < 0 || committed == in.Offset || committed < in.Offset && m.AtLeastOnce && !m.Clean {
		return nil
	}
	tp := stream.TopicPartition{Topic: in.Topic, Partition: in.Partition}
	return fmt.Errorf("%s: group %s has offset %d, but the state is as of offset %d: the group's offset was changed from outside. "+
		"Set it back to %d, or delete the group's offsets, to go on with the state; to read from elsewhere, reset the job",
		tp, group, committed, in.Offset, in.Offset)
}

// locateFresh sets where inputs start that were never read. The first commit makes that
// final, before anything is read.
func (r *Recovery) locateFresh(ctx context.Context, fresh []*Input) error {
	byStart := make(map[int64][]*Input)
	for _, in := range fresh {
		input := &r.cfg.Stage.Inputs[in.Index]
		start := input.Start
		if start == scheduler.StartNewest && in.Partition >= input.Partitions-input.Grown {
			start = 0 // nothing in it is older than the job
		}
		byStart[start] = append(byStart[start], in)
		in.task.Moved, r.Unsettled = true, true
	}
	for start, inputs := range byStart {
		offsets, err := offsetsOf(inputs, func(tps []stream.TopicPartition) ([]int64, error) {
			return StartOffsets(ctx, r.cfg.System.Admin(), start, tps)
		})
		if err != nil {
			return fmt.Errorf("asking where the inputs start: %w", err)
		}
		for i, in := range inputs {
			in.Position = offsets[i]
		}
	}
	return nil
}

// locateBootstrap sets the ends of bootstrap inputs. An end is taken once, when the task
// first starts or starts over after a reset, and kept in the meta record.
func (r *Recovery) locateBootstrap(ctx context.Context, inputs []*Input) error {
	var starting []*Input
	for _, in := range inputs {
		switch {
		case !r.cfg.Stage.Inputs[in.Index].Bootstrap || in.Last != nil && in.Last.Bootstrapped:
		case in.Last != nil && in.Last.BootstrapEnd > 0:
			in.BootstrapEnd = in.Last.BootstrapEnd
		default:
			starting = append(starting, in)
		}
	}
	if len(starting) == 0 {
		return nil
	}
	ends, err := offsetsOf(starting, func(tps []stream.TopicPartition) ([]int64, error) { return r.cfg.System.Admin().Ends(ctx, tps...) })
	if err != nil {
		return fmt.Errorf("asking where the bootstrap inputs end: %w", err)
	}
	for i, in := range starting {
		in.BootstrapEnd = ends[i]
		in.task.Moved, r.Unsettled = true, true
	}
	return nil
}

// StartOffsets returns the offsets that a [scheduler.Input.Start] means.
func StartOffsets(ctx context.Context, admin stream.Admin, start int64, tps []stream.TopicPartition) ([]int64, error) {
	switch start {
	case 0:
		return admin.Starts(ctx, tps...)
	case scheduler.StartNewest:
		return admin.Ends(ctx, tps...)
	default:
		return admin.OffsetsAt(ctx, start, tps...)
	}
}
