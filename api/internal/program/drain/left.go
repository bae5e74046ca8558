package drain

import (
	"context"
	"fmt"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// inFlight says what is in flight between stages; "" means nothing. It checks stages
// upstream before downstream: once a stage and all those before it have read
// everything, nothing more comes from it.
func (d *drain) inFlight(ctx context.Context) (string, error) {
	var left []string
	for i := range d.plan.Stages {
		stage := &d.plan.Stages[i]
		tps := repartitions(stage)
		if len(tps) == 0 {
			continue
		}
		n, err := unread(ctx, d.job.System.Admin(), stage.Group, tps)
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
	return "records in flight: " + strings.Join(left, ", "), nil
}

// unread returns the number of offsets of partitions that a group hasn't committed yet,
// transactions that are still open included. Readers pass transaction markers as they
// pass records, the last one included.
func unread(ctx context.Context, admin stream.Admin, group string, tps []stream.TopicPartition) (n int64, err error) {
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

// repartitions lists the partitions of repartition topics that a stage reads.
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

// records counts the records in flight, without control messages: those of a container
// that took over from another while both stopped are void.
func (d *drain) records(ctx context.Context) (n int, err error) {
	r, err := records.Open(ctx, d.job.System)
	if err != nil {
		return 0, err
	}
	defer func() { err = program.Close(err, r) }()
	for i := range d.plan.Stages {
		if err := readUnread(ctx, r, d.job.System.Admin(), &d.plan.Stages[i]); err != nil {
			return 0, err
		}
	}
	err = r.ToEnds(ctx, func(_ stream.TopicPartition, rec *stream.Record) error {
		if len(rec.Headers) == 0 || rec.Headers[0].Key != stream.ControlHeader {
			n++
		}
		return nil
	})
	return n, err
}

// readUnread starts a reader at what a stage's group hasn't committed yet.
func readUnread(ctx context.Context, r *records.Reader, admin stream.Admin, stage *scheduler.Stage) error {
	tps := repartitions(stage)
	if len(tps) == 0 {
		return nil
	}
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
			if err := r.From(tp, from, ends[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
