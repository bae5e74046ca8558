package api

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/container/reset"
)

// showReset says what a reset is about to do.
func (r *run) showReset(x *reset.Reset, target reset.Target) {
	for _, s := range x.Stages {
		r.say("stage %s:", s.Name)
		for _, in := range s.Inputs {
			r.say("  %s", describeInput(in, target.KeepState))
		}
		for _, store := range s.Stores {
			r.say("  store %s is emptied, whose changelog has %s", store.Name, plural(store.Records, "record"))
		}
	}
	if target.KeepState {
		r.say("stores are kept: what is read again is counted again, and windows that have closed may give results again")
	}
}

// describeInput says where an input goes on.
func describeInput(in reset.Input, keep bool) string {
	if in.Repartition {
		var passed int64
		for i := range in.From {
			passed += in.To[i] - max(in.From[i], 0)
		}
		switch {
		case keep:
			return in.Topic + ", between stages, stays where it is"
		case passed == 0:
			return in.Topic + ", between stages, has nothing on its way"
		}
		return fmt.Sprintf("%s, between stages: what is on its way is passed over (%s, marks of commits among them)", in.Topic, plural(passed, "record"))
	}
	return fmt.Sprintf("%s: %s", in.Topic, strings.Join(describeRanges(in), "; "))
}

// shownRanges is how many runs of partitions are shown one by one.
const shownRanges = 16

// describeRanges says where partitions go on: those beside each other once that do it
// alike.
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
		which := fmt.Sprintf("partition %d", first)
		if next > first+1 {
			which = fmt.Sprintf("partitions %d to %d", first, next-1)
		}
		ranges = append(ranges, which+" "+describeMove(in.From[first], in.To[first]))
		first = next
	}
	return ranges
}

func describeMove(from, to int64) string {
	switch {
	case to < 0:
		return "where it starts, as it was never read"
	case from < 0:
		return fmt.Sprintf("at %d, as it was never read", to)
	case from == to:
		return fmt.Sprintf("stays at %d", to)
	}
	return fmt.Sprintf("from %d to %d", from, to)
}
