package status

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/stream"
)

// heldFor is how long a transaction must be open to be shown: most are for less.
const heldFor = 10 * time.Second

// addHeld adds who keeps records of the job's inputs from being read. The transactions of
// the job itself, in its repartition topics, are left out.
func addHeld(ctx context.Context, s *model.Stage, system stream.System, inputs []input, now time.Time) error {
	var tps []stream.TopicPartition
	var ends []int64
	at := make(map[stream.TopicPartition]*model.Input)
	for _, in := range inputs {
		if in.repartition {
			continue
		}
		all := s.Tasks[in.task].Inputs
		for i := range all {
			if all[i].Topic == in.Topic && all[i].Partition == in.Partition {
				tps, ends = append(tps, in.TopicPartition), append(ends, *all[i].End)
				at[in.TopicPartition] = &all[i]
			}
		}
	}
	held, err := remote.FindHeld(ctx, system, tps, ends)
	for i := range held {
		if h := &held[i]; h.Long(heldFor, now) {
			to := at[h.TopicPartition]
			to.LogEnd = &h.LogEnd
			for _, t := range h.By {
				to.HeldBy = append(to.HeldBy, t.Holder())
			}
		}
	}
	return err
}

// writeHeld shows which records can't be read, and why.
func writeHeld(b *bytes.Buffer, s *model.Stage) {
	for _, t := range s.Tasks {
		for _, in := range t.Inputs {
			if in.LogEnd == nil || in.End == nil {
				continue
			}
			why := "a transaction of another producer is open"
			if len(in.HeldBy) > 0 {
				why = "a transaction is open: " + strings.Join(in.HeldBy, "; ")
			}
			_, _ = fmt.Fprintf(b, "  input %s/%d: %s can't be read yet, because %s\n", in.Topic, in.Partition, program.Plural(*in.LogEnd-*in.End, "record"), why)
		}
	}
}
