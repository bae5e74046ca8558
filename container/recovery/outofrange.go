package recovery

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// recreatedInput is an input whose topic was created again, and how that is known.
type recreatedInput struct {
	*Input
	why string
}

// locateRecreated treats inputs that were created again like those whose next record
// doesn't exist: they continue where their OutOfRange says. The first commit makes that
// final.
func (r *Recovery) locateRecreated(ctx context.Context, inputs []recreatedInput) error {
	if len(inputs) == 0 {
		return nil
	}
	all := make([]*Input, len(inputs))
	for i, in := range inputs {
		all[i] = in.Input
	}
	starts, err := offsetsOf(all, func(tps []stream.TopicPartition) ([]int64, error) { return r.cfg.System.Admin().Starts(ctx, tps...) })
	if err != nil {
		return fmt.Errorf("asking where the inputs start: %w", err)
	}
	ends, err := offsetsOf(all, func(tps []stream.TopicPartition) ([]int64, error) { return r.cfg.System.Admin().Ends(ctx, tps...) })
	if err != nil {
		return fmt.Errorf("asking where the inputs end: %w", err)
	}
	for i, in := range inputs {
		if r.cfg.Stage.Inputs[in.Index].Repartition() {
			return fmt.Errorf("%s: %s: it carries the job's own traffic, and the records on their way are gone; start over under another app name", in.TopicPartition, in.why)
		}
		e := &stream.OffsetOutOfRangeError{TopicPartition: in.TopicPartition, Offset: in.Position, Start: starts[i], End: ends[i]}
		if in.Bound >= 0 {
			e.End = min(e.End, in.Bound)
		}
		to, ok := r.cfg.elsewhere(in.Index, e, in.why)
		if !ok {
			return fmt.Errorf("%s: %s, and offset %d means nothing in it; %s", in.TopicPartition, in.why, e.Offset, onOutOfRange)
		}
		in.moveTo(to)
		r.Unsettled = true
	}
	return nil
}

// checkBounds looks for inputs that end before the position up to which they were read: the
// topic was created again. A bounded run would take such an input as done, and never ask
// for the record that doesn't exist.
func (r *Recovery) checkBounds(ctx context.Context) error {
	for _, t := range r.Tasks {
		for _, in := range t.Inputs {
			if in.Bound < 0 || in.Position <= in.Bound || r.cfg.Stage.Inputs[in.Index].Generator() {
				continue
			}
			starts, err := r.cfg.System.Admin().Starts(ctx, in.TopicPartition)
			if err != nil {
				return fmt.Errorf("asking where the inputs start: %w", err)
			}
			gone := &stream.OffsetOutOfRangeError{TopicPartition: in.TopicPartition, Offset: in.Position, Start: starts[0], End: in.Bound}
			to, err := r.cfg.Elsewhere(in.Index, gone)
			if err != nil {
				return fmt.Errorf("reading: %w", err)
			}
			in.moveTo(to)
		}
	}
	return nil
}

func (in *Input) moveTo(offset int64) {
	in.OutOfRange++
	in.Position, in.task.Moved = offset, true
}

// Elsewhere returns the offset at which an input of the stage continues whose next record
// doesn't exist any more, if the input allows that.
func (c *Config) Elsewhere(input int, e *stream.OffsetOutOfRangeError) (int64, error) {
	if c.Stage.Inputs[input].Repartition() {
		return 0, DisownedError{fmt.Errorf("%w: it carries the job's own traffic, of which only this task may delete anything: start again, and if that fails too, start over under another app name", e)}
	}
	to, ok := c.elsewhere(input, e, "the next record doesn't exist any more")
	if !ok {
		return 0, fmt.Errorf("%w: records were deleted before they were processed, or the topic was deleted and created again; %s", e, onOutOfRange)
	}
	return to, nil
}

// onOutOfRange says what can be done about an offset that means nothing.
const onOutOfRange = "OnOutOfRange of the input can say to go on with the oldest or the newest record"

// elsewhere returns the offset that the input's OutOfRange chooses. It is false if the input
// must not continue.
func (c *Config) elsewhere(input int, e *stream.OffsetOutOfRangeError, why string) (int64, bool) {
	to := e.Start
	switch c.Stage.Inputs[input].OutOfRange {
	case scheduler.OutOfRangeOldest:
	case scheduler.OutOfRangeNewest:
		to = e.End
	default:
		return 0, false
	}
	c.Logger.Warn(why+": going on elsewhere", "topic", e.Topic, "partition", e.Partition,
		"offset", e.Offset, "start", e.Start, "end", e.End, "resume", to)
	return to, true
}
