package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Reset has a job that doesn't run begin anew: with other offsets of its inputs, and
// without its state or with it.
//
// Nothing is deleted, since local databases on other machines couldn't be reached.
// Tasks get another history: what their changelogs say is undone by tombstones at
// their ends, and a meta record says where the inputs go on. Whoever has state
// replays that tail, and has then what everybody else has.
//
// Three orders make that sound:
//
//   - First all tasks get a meta record that says that they are being reset, and
//     nobody but a reset goes on from there: one that was interrupted is run again.
//   - It is looked for members of the stages' groups after that. A container reads its
//     changelogs after it has come into its group; so it sees the mark, or is seen.
//   - Stages get their last meta records after those that they feed, which by then have
//     passed over what is on its way to them.
//
// Runs whose tasks are fixed are no members: the reset's producers have the ids of
// their first containers, and one of both is shut out.
type Reset struct {
	Stages []StageReset // what becomes of them, upstream before downstream

	system stream.System
	stages []*resetting
}

// ResetTarget says where a job is to begin anew. The zero value changes no offsets.
type ResetTarget struct {
	// Start is where the inputs are to be read, as [scheduler.Input.Start] says it; nil:
	// where they are.
	Start *int64
	// Offsets are those of single partitions, whatever Start says.
	Offsets map[stream.TopicPartition]int64
	// KeepState leaves stores as they are, and what is on its way in repartition topics.
	KeepState bool
}

// mode is what marks of a reset say.
func (t ResetTarget) mode() string {
	if t.KeepState {
		return resetKeeps
	}
	return resetClears
}

const (
	resetClears = "clear"
	resetKeeps  = "keep"
)

// StageReset is what becomes of a stage.
type StageReset struct {
	Name   string
	Inputs []InputReset
	Stores []StoreReset // that are emptied
}

// InputReset is what becomes of an input.
type InputReset struct {
	Topic       string
	Repartition bool
	// From is the next offset of each partition, -1 where none was committed; To what it
	// will be, -1 where that is left to the start.
	From, To []int64
}

// StoreReset is a store that is emptied.
type StoreReset struct {
	Name string
	// Records is how many records its changelog has: keys may have several, and it has
	// the tasks' meta records, too.
	Records int64
}

// PrepareReset looks at a job, and changes nothing. The plan's stages run with base, as
// with [Configs].
func PrepareReset(ctx context.Context, plan *scheduler.Plan, base Config, target ResetTarget) (*Reset, error) {
	x := &Reset{system: base.System}
	for i := range plan.Stages {
		cfg := base
		cfg.App, cfg.Stage, cfg.Index, cfg.Membership = plan.App, &plan.Stages[i], 0, nil
		x.stages = append(x.stages, &resetting{cfg: cfg.withDefaults(), target: target})
	}
	if err := target.check(plan); err != nil {
		return nil, err
	}
	if err := checkRan(ctx, base.System.Admin(), plan); err != nil {
		return nil, err
	}
	if err := x.checkAlone(ctx); err != nil {
		return nil, err
	}
	if err := x.each(ctx, (*resetting).prepare); err != nil {
		return nil, err
	}
	for _, s := range x.stages {
		x.Stages = append(x.Stages, s.changes)
	}
	return x, nil
}

// check refuses offsets of what the job doesn't read.
func (t ResetTarget) check(plan *scheduler.Plan) error {
	var bad []error
	for _, tp := range sortedPartitions(t.Offsets) {
		why := fmt.Errorf("%s: the job reads no topic of that name", tp)
		for i := range plan.Stages {
			for _, in := range plan.Stages[i].Inputs {
				switch {
				case in.Topic != tp.Topic:
				case in.Repartition():
					why = fmt.Errorf("%s: it carries the job's own traffic, whose offsets follow from what becomes of the state", tp)
				case tp.Partition < 0 || tp.Partition >= in.Partitions:
					why = fmt.Errorf("%s: the topic has partitions 0 to %d", tp, in.Partitions-1)
				default:
					why = nil
				}
			}
		}
		bad = append(bad, why)
	}
	return errors.Join(bad...)
}

// checkRan refuses a job that lacks topics of its own.
func checkRan(ctx context.Context, admin stream.Admin, plan *scheduler.Plan) error {
	missing, err := topics.Check(ctx, admin, plan.Topics)
	if err != nil {
		return err
	}
	var names []string
	for _, t := range missing {
		if t.Role != scheduler.RoleOutput {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("there is no topic %s: the job, as it is now, has never run here. Start it once, and stop it, to reset it then", strings.Join(names, ", "))
}

// checkAlone refuses to reset a job that runs.
func (x *Reset) checkAlone(ctx context.Context) error {
	group, ok := x.system.(stream.Grouper)
	if !ok {
		return nil
	}
	var members []string
	for _, s := range x.stages {
		state, err := group.Group(ctx, s.cfg.Stage.Group)
		if err != nil {
			return err
		}
		for _, m := range state.Members {
			members = append(members, fmt.Sprintf("member %s of group %s, on %s", m.ID, s.cfg.Stage.Group, m.Host))
		}
	}
	if len(members) == 0 {
		return nil
	}
	slices.Sort(members)
	return fmt.Errorf("the job is running (%s): stop it first. Who was killed, or will be back soon, is a member until its session times out", strings.Join(members, ", "))
}

// Run does it. After an error the job is as it was, or it refuses to start until it was
// reset; which of both, the error of its start says.
func (x *Reset) Run(ctx context.Context) error {
	err := x.run(ctx)
	if errors.Is(err, stream.ErrFenced) {
		err = fmt.Errorf("the job was started, or is reset by somebody else, at the same time: %w", err)
	}
	for _, s := range x.stages {
		err = errors.Join(err, s.close())
	}
	return err
}

func (x *Reset) run(ctx context.Context) error {
	if err := x.checkAlone(ctx); err != nil {
		return err
	}
	for _, step := range []func(*resetting, context.Context) error{(*resetting).take, (*resetting).mark} {
		if err := x.each(ctx, step); err != nil {
			return err
		}
	}
	if err := x.checkAlone(ctx); err != nil {
		return fmt.Errorf("it was started while it was being reset: %w. Then reset it again", err)
	}
	if err := x.each(ctx, (*resetting).clear); err != nil {
		return err
	}
	slices.Reverse(x.stages)
	return x.each(ctx, (*resetting).finish)
}

// each takes a step with all stages.
func (x *Reset) each(ctx context.Context, step func(*resetting, context.Context) error) error {
	for _, s := range x.stages {
		if err := step(s, ctx); err != nil {
			return fmt.Errorf("stage %s: %w", s.cfg.Stage.Name, err)
		}
	}
	return nil
}
