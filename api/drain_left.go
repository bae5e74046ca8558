package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// underWay says what is on its way between stages; "" is nothing. Stages are looked at
// upstream before downstream: when one has read everything, and those before it had,
// nothing more comes from it.
func (d *drain) underWay(ctx context.Context) (string, error) {
	var left []string
	for i := range d.plan.Stages {
		stage := &d.plan.Stages[i]
		tps := repartitions(stage)
		if len(tps) == 0 {
			continue
		}
		n, err := d.unread(ctx, stage.Group, tps)
		if err != nil {
			return "", fmt.Errorf("stage %s: %w", stage.Name, err)
		}
		if n > 0 {
			left = append(left, fmt.Sprintf("%d before stage %s", n, stage.Name))
		}
	}
	if len(left) == 0 {
		return "", nil
	}
	return "records on their way: " + strings.Join(left, ", "), nil
}

// unread is how many offsets of partitions a group has yet to commit, of what has come
// to them, committed or not. Readers pass markers as they pass records, also the last.
func (d *drain) unread(ctx context.Context, group string, tps []stream.TopicPartition) (n int64, err error) {
	admin := d.system.Admin()
	ends, err := admin.LogEnds(ctx, tps...)
	if err != nil {
		return 0, err
	}
	starts, err := admin.Starts(ctx, tps...)
	if err != nil {
		return 0, err
	}
	committed, err := admin.Committed(ctx, group, tps...)
	if err != nil {
		return 0, err
	}
	for i, end := range ends {
		n += max(end-max(committed[i], starts[i]), 0)
	}
	return n, nil
}

// repartitions are the partitions of the job's own traffic that a stage reads.
func repartitions(stage *scheduler.Stage) (tps []stream.TopicPartition) {
	for _, in := range stage.Inputs {
		if !in.Repartition() {
			continue
		}
		for p := range in.Partitions {
			tps = append(tps, stream.TopicPartition{Topic: in.Topic, Partition: p})
		}
	}
	return tps
}

// records counts the records that are on their way, without control messages: those of a
// container that has taken over from another as both ended mean nothing to anybody.
func (d *drain) records(ctx context.Context) (n int, err error) {
	r, err := openReader(ctx, d.system)
	if err != nil {
		return 0, err
	}
	defer func() { err = closing(err, r.consumer) }()
	for i := range d.plan.Stages {
		if err := d.readUnread(ctx, r, &d.plan.Stages[i]); err != nil {
			return 0, err
		}
	}
	err = r.toEnds(ctx, func(_ stream.TopicPartition, rec *stream.Record) error {
		if len(rec.Headers) == 0 || rec.Headers[0].Key != stream.ControlHeader {
			n++
		}
		return nil
	})
	return n, err
}

// readUnread has a reader begin with what a stage's group has yet to commit.
func (d *drain) readUnread(ctx context.Context, r *reader, stage *scheduler.Stage) error {
	tps := repartitions(stage)
	if len(tps) == 0 {
		return nil
	}
	admin := d.system.Admin()
	starts, err := admin.Starts(ctx, tps...)
	if err != nil {
		return err
	}
	committed, err := admin.Committed(ctx, stage.Group, tps...)
	if err != nil {
		return err
	}
	ends, err := admin.Ends(ctx, tps...)
	if err != nil {
		return err
	}
	for i, tp := range tps {
		if from := max(committed[i], starts[i]); from < ends[i] {
			if err := r.from(tp, from, ends[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
