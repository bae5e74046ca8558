package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/stream"
)

// recordKey is the key of the plans in the topic that they are recorded in. The last
// record counts.
const recordKey = "plan"

// ErrRefused ends a command whose plan isn't compatible with the plan of the job.
var ErrRefused = errors.New("the change is refused: see above for what would be lost, and what can be done")

// LastPlan returns the plan that the job runs by, or ran by last; nil if it has never
// run.
func LastPlan(ctx context.Context, system stream.System, plan *scheduler.Plan) (*scheduler.Plan, error) {
	topic := plan.RecordTopic()
	if slices.ContainsFunc(plan.Topics, func(t scheduler.Topic) bool { return t.Name == topic && t.Create }) {
		return nil, nil
	}
	last, err := lastRecord(ctx, system, stream.TopicPartition{Topic: topic})
	if err != nil {
		return nil, fmt.Errorf("reading the plan of the last run: %w", err)
	}
	if last == nil {
		return nil, nil
	}
	p, err := scheduler.ParsePlan(last)
	if err != nil {
		return nil, fmt.Errorf("topic %s: the recorded plan can't be read: %w; use the version of the program that recorded it, or delete the topic, to go on without a comparison", topic, err)
	}
	return p, nil
}

// lastRecord returns the value of the last record of a partition; nil if there is none.
func lastRecord(ctx context.Context, system stream.System, tp stream.TopicPartition) (last []byte, err error) {
	err = records.ReadAll(ctx, system, []stream.TopicPartition{tp}, func(_ stream.TopicPartition, r *stream.Record) error {
		last = append([]byte(nil), r.Value...)
		return nil
	})
	return last, err
}

// GoOn returns a plan that goes on from the one that the job ran by last, and that last
// plan; nil if the job has never run. A plan that would lose state or results is refused
// unless the user accepts that.
func GoOn(ctx context.Context, system stream.System, plan *scheduler.Plan, acceptLoss bool) (next, last *scheduler.Plan, err error) {
	last, err = LastPlan(ctx, system, plan)
	if err != nil || last == nil {
		return plan, nil, err
	}
	if v := compare.Plans(last, plan); v.Kind == compare.Incompatible && !acceptLoss {
		return nil, nil, Refusal(&v)
	}
	return plan.GoOn(last), last, nil
}

// Refusal is the error of a command that refuses a plan which -accept-loss would
// accept.
func Refusal(v *compare.Verdict) error {
	return fmt.Errorf("%s%w; -accept-loss runs it nevertheless", v.Text(), ErrRefused)
}

// Record records the plan that the job runs by, unless it is recorded already.
func Record(ctx context.Context, system stream.System, plan *scheduler.Plan) (err error) {
	now, err := lasting(plan).JSON()
	if err != nil {
		return err
	}
	tp := stream.TopicPartition{Topic: plan.RecordTopic()}
	if last, err := lastRecord(ctx, system, tp); err != nil || bytes.Equal(last, now) {
		return err
	}
	// A single record needs no transaction.
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{AtLeastOnce: true})
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, p) }()
	w, err := p.Writer(tp.Topic)
	if err != nil {
		return err
	}
	if err := w.Send(tp.Partition, &stream.Record{Key: []byte(recordKey), Value: now}); err != nil {
		return err
	}
	_, err = p.Commit(ctx, stream.GroupOffsets{})
	return err
}

// lasting returns a plan without what is true only when it is made.
func lasting(p *scheduler.Plan) *scheduler.Plan {
	l := *p
	l.Topics = slices.Clone(p.Topics)
	for i := range l.Topics {
		l.Topics[i].Create, l.Topics[i].Grow = false, false
	}
	return &l
}
