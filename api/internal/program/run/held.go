package run

import (
	"context"

	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/stream"
)

// sayHeld says which records of the inputs a bounded run leaves out, because transactions
// of other producers are open. bounds are the ends of what can be read.
func (p *process) sayHeld(ctx context.Context, bounds map[stream.TopicPartition]int64) error {
	var tps []stream.TopicPartition
	var ends []int64
	for tp, end := range bounds {
		tps, ends = append(tps, tp), append(ends, end)
	}
	held, err := remote.FindHeld(ctx, p.system, tps, ends)
	for i := range held {
		p.console.Say("%s: %s; this run doesn't include them", held[i].TopicPartition, &held[i])
	}
	return err
}
