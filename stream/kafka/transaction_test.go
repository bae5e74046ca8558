package kafka

import (
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
)

func TestTransactionSteps(t *testing.T) {
	a, b := &outbox{}, &outbox{}
	offsets := stream.GroupOffsets{Group: "g"}
	for name, c := range map[string]struct {
		do   func(*transaction)
		want []step
	}{
		"nothing":              {func(*transaction) {}, nil},
		"an empty commit":      {func(x *transaction) { x.finish(commit) }, nil},
		"an empty abort":       {func(x *transaction) { x.finish(abort) }, nil},
		"an open transaction":  {func(x *transaction) { x.wanted = []*outbox{a} }, []step{addPartitions}},
		"two partitions":       {func(x *transaction) { x.wanted = []*outbox{a, b}; x.finish(commit) }, []step{addPartitions, end}},
		"offsets alone":        {func(x *transaction) { x.offsets, x.toGroup = offsets, addOffsets; x.finish(commit) }, []step{addOffsets, commitOffsets, end}},
		"an abort before":      {func(x *transaction) { x.wanted = []*outbox{a}; x.finish(abort) }, nil},
		"an abort in between":  {func(x *transaction) { x.begun, x.wanted = true, []*outbox{a}; x.finish(abort) }, []step{end}},
		"a close":              {func(x *transaction) { x.begun, x.doubt = true, true; x.close() }, []step{end}},
		"a close of nothing":   {func(x *transaction) { x.close() }, nil},
		"a close in the dark":  {func(x *transaction) { x.missed(addPartitions, false); x.close() }, []step{end}},
		"an answer missed":     {func(x *transaction) { x.asked = []*outbox{a}; x.missed(addPartitions, false); x.finish(abort) }, []step{addPartitions, end, initialise}},
		"an answer later":      {func(x *transaction) { x.asked = []*outbox{a}; x.missed(addPartitions, true); x.finish(abort) }, nil},
		"a commit in the dark": {func(x *transaction) { x.begun = true; x.finish(commit); x.missed(end, false) }, []step{end, initialise}},
		"all": {func(x *transaction) {
			x.wanted, x.offsets, x.toGroup = []*outbox{a}, offsets, addOffsets
			x.finish(commit)
		}, []step{addPartitions, addOffsets, commitOffsets, end}},
	} {
		t.Run(name, func(t *testing.T) {
			x := transaction{who: producerID{1, 0}}
			c.do(&x)
			var got []step
			for s := x.next(); s != rest && len(got) < 10; s = x.next() {
				got = append(got, s)
				x.ask(s)
				x.done(s, producerID{1, 1})
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the steps are %v, want %v", got, c.want)
			}
		})
	}
}

func TestTransactionAddsAllAtOnce(t *testing.T) {
	a, b, c := &outbox{}, &outbox{}, &outbox{}
	x := transaction{who: producerID{1, 0}, wanted: []*outbox{a, b}}
	if got := x.ask(x.next()); !slices.Equal(got.asked, []*outbox{a, b}) {
		t.Fatalf("asked for %v", got.asked)
	}
	x.wanted = append(x.wanted, c)
	x.missed(addPartitions, true)
	if got := x.ask(x.next()); !slices.Equal(got.asked, []*outbox{a, b, c}) {
		t.Errorf("asked again for %v", got.asked)
	}
	if added := x.done(addPartitions, noProducer()); !slices.Equal(added, []*outbox{a, b, c}) || x.next() != rest {
		t.Errorf("added are %v", added)
	}
}
