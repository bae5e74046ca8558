package reset

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/scheduler"
)

// show says what a reset is about to do.
func show(c program.Console, prepared *reset.Reset, target reset.Target) {
	for _, s := range prepared.Stages {
		c.Say("stage %s:", s.Name)
		for _, in := range s.Inputs {
			c.Say("  %s", describeInput(in, target.KeepState))
		}
		for _, store := range s.Stores {
			c.Say("  store %s is emptied; its changelog has %s", store.Name, program.Plural(store.Records, "record"))
		}
	}
	if target.KeepState {
		c.Say("stores are kept: records that are read again are counted again, and closed windows may give results again")
	}
}

// describeInput says where an input goes on.
func describeInput(in reset.Input, keep bool) string {
	if name, ok := scheduler.GeneratorOf(in.Topic); ok && in.To[0] == 0 {
		return fmt.Sprintf("generator %s starts again at its first value", name)
	} else if ok {
		return fmt.Sprintf("generator %s goes on behind %s", name, program.Plural(in.To[0], "value"))
	}
	if in.Repartition {
		var skipped int64
		for i := range in.From {
			skipped += in.To[i] - max(in.From[i], 0)
		}
		switch {
		case keep:
			return in.Topic + ", between stages, keeps its offsets"
		case skipped == 0:
			return in.Topic + ", between stages, has nothing in flight"
		}
		return fmt.Sprintf("%s, between stages: what is in flight is skipped (%s, transaction markers included)", in.Topic, program.Plural(skipped, "offset"))
	}
	return fmt.Sprintf("%s: %s", in.Topic, strings.Join(describeRanges(in), "; "))
}

// shownRanges is the number of ranges of partitions that are shown one by one.
const shownRanges = 16

// describeRanges says where partitions go on, once for neighbours that change alike.
func describeRanges(in reset.Input) []string {
	var ranges []string
	for first := 0; first < len(in.From); {
		next := first + 1
		for next < len(in.From) && in.From[next] == in.From[first] && in.To[next] == in.To[first] {
			next++
		}
		if len(ranges) == shownRanges {
			return append(ranges, fmt.Sprintf("and partitions %d to %d", first, len(in.From)-1))
		}
		which, stay := fmt.Sprintf("partition %d", first), "stays"
		if next > first+1 {
			which, stay = fmt.Sprintf("partitions %d to %d", first, next-1), "stay"
		}
		ranges = append(ranges, which+" "+describeChange(in.From[first], in.To[first], stay))
		first = next
	}
	return ranges
}

// describeChange says where partitions go on; stay is the verb if they don't move.
func describeChange(from, to int64, stay string) string {
	switch {
	case to < 0:
		return "where the input starts, since it was never read"
	case from < 0:
		return fmt.Sprintf("at %d, since it was never read", to)
	case from == to:
		return fmt.Sprintf("%s at %d", stay, to)
	}
	return fmt.Sprintf("from %d to %d", from, to)
}
