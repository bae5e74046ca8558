package api

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/stream"
)

// recordKey is the key of the plans in the topic that they are recorded in. The last one
// counts.
const recordKey = "plan"

// recorded is the plan by which the job has run last, or runs; nil if it never has.
func recorded(ctx context.Context, system stream.System, plan *scheduler.Plan) (*scheduler.Plan, error) {
	topic := plan.RecordTopic()
	if slices.ContainsFunc(plan.Topics, func(t scheduler.Topic) bool { return t.Name == topic && t.Create }) {
		return nil, nil
	}
	last, err := lastRecord(ctx, system, stream.TopicPartition{Topic: topic})
	if err != nil {
		return nil, fmt.Errorf("reading by which plan the job ran last: %w", err)
	}
	if last == nil {
		return nil, nil
	}
	p, err := scheduler.ParsePlan(last)
	if err != nil {
		return nil, fmt.Errorf("topic %s: what the job has recorded of itself can't be read: %w; use the version of the program that has written it, or delete the topic, to go on without a comparison", topic, err)
	}
	return p, nil
}

// lastRecord is the value of the last record of a partition; nil if there is none.
func lastRecord(ctx context.Context, system stream.System, tp stream.TopicPartition) (last []byte, err error) {
	err = readAll(ctx, system, []stream.TopicPartition{tp}, func(_ stream.TopicPartition, r *stream.Record) error {
		last = append([]byte(nil), r.Value...)
		return nil
	})
	return last, err
}

// goOn has the plan go on from that by which the job ran last, and refuses one that
// can't.
func (r *run) goOn(ctx context.Context) error {
	before, err := recorded(ctx, r.system, r.planned)
	if err != nil || before == nil {
		return err
	}
	if v := compare.Plans(before, r.planned); v.Kind == compare.Incompatible && !r.AcceptLoss {
		return fmt.Errorf("%s%w; -accept-loss has it run nevertheless", v.Text(), errRefused)
	}
	r.planned, r.before = r.planned.GoOn(before), before
	return nil
}

// lasting is a plan without what is true of its first moment only.
func lasting(p *scheduler.Plan) *scheduler.Plan {
	l := *p
	l.Topics = slices.Clone(p.Topics)
	for i := range l.Topics {
		l.Topics[i].Create, l.Topics[i].Grow = false, false
	}
	return &l
}

// An admission is over when all stages of this process are at work by the plan. Until then the job may
// still run by another one, or refuse this process.
type admission struct {
	mu      sync.Mutex
	waiting map[string]bool // the stages that aren't
	over    chan struct{}   // closed when there are none
}

func newAdmission(stages []scheduler.Stage) *admission {
	a := &admission{waiting: make(map[string]bool), over: make(chan struct{})}
	for i := range stages {
		a.waiting[stages[i].Name] = true
	}
	return a
}

// of notes that a stage is at work.
func (a *admission) of(stage string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if delete(a.waiting, stage); len(a.waiting) > 0 {
		return
	}
	select {
	case <-a.over:
	default:
		close(a.over)
	}
}

// recordTime is how long recording a plan may take, where the job is being stopped.
const recordTime = 10 * time.Second

// record records the plan, once this process is at work by it.
func (r *run) record(ctx context.Context, plan *scheduler.Plan) error {
	select {
	case <-ctx.Done():
	case <-r.admission.over:
	}
	select {
	case <-r.admission.over:
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	// Of two that start at the same time at least one finds the other here: it is a
	// member of its group by now.
	if err := r.fitOthers(ctx, plan, 0); err != nil {
		return err
	}
	if err := writePlan(ctx, r.system, plan); err != nil {
		return fmt.Errorf("recording by which plan the job runs: %w", err)
	}
	return nil
}

// writePlan records a plan, unless it is that which was recorded last.
func writePlan(ctx context.Context, system stream.System, plan *scheduler.Plan) (err error) {
	now, err := lasting(plan).JSON()
	if err != nil {
		return err
	}
	tp := stream.TopicPartition{Topic: plan.RecordTopic()}
	if last, err := lastRecord(ctx, system, tp); err != nil || bytes.Equal(last, now) {
		return err
	}
	// A single record is as good without a transaction.
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{AtLeastOnce: true})
	if err != nil {
		return err
	}
	defer func() { err = closing(err, p) }()
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
