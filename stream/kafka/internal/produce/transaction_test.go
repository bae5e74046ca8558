package produce

import (
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
)

func TestTransactionSteps(t *testing.T) {
	a, b := &partitionBuffer{}, &partitionBuffer{}
	offsets := stream.GroupOffsets{Group: "g"}
	for name, c := range map[string]struct {
		do   func(*transaction)
		want []step
	}{
		"nothing":             {func(*transaction) {}, nil},
		"an empty commit":     {func(x *transaction) { x.finish(commit) }, nil},
		"an empty abort":      {func(x *transaction) { x.finish(abort) }, nil},
		"an open transaction": {func(x *transaction) { x.toAdd = []*partitionBuffer{a} }, []step{stepAddPartitions}},
		"two partitions":      {func(x *transaction) { x.toAdd = []*partitionBuffer{a, b}; x.finish(commit) }, []step{stepAddPartitions, stepEnd}},
		"offsets alone":       {func(x *transaction) { x.offsets, x.toGroup = offsets, stepAddOffsets; x.finish(commit) }, []step{stepAddOffsets, stepCommitOffsets, stepEnd}},
		"an abort before":     {func(x *transaction) { x.toAdd = []*partitionBuffer{a}; x.finish(abort) }, nil},
		"an abort in between": {func(x *transaction) { x.open, x.toAdd = true, []*partitionBuffer{a}; x.finish(abort) }, []step{stepEnd}},
		"a close":             {func(x *transaction) { x.open, x.needsEpoch = true, true; x.close() }, []step{stepEnd}},
		"a close of nothing":  {func(x *transaction) { x.close() }, nil},
		"a close in the dark": {func(x *transaction) { x.missed(stepAddPartitions, false); x.close() }, []step{stepEnd}},
		"an answer missed": {func(x *transaction) {
			x.adding = []*partitionBuffer{a}
			x.missed(stepAddPartitions, false)
			x.finish(abort)
		}, []step{stepAddPartitions, stepEnd, stepInitProducer}},
		"an answer later": {func(x *transaction) {
			x.adding = []*partitionBuffer{a}
			x.missed(stepAddPartitions, true)
			x.finish(abort)
		}, nil},
		"a commit in the dark": {func(x *transaction) { x.open = true; x.finish(commit); x.missed(stepEnd, false) }, []step{stepEnd, stepInitProducer}},
		"all": {func(x *transaction) {
			x.toAdd, x.offsets, x.toGroup = []*partitionBuffer{a}, offsets, stepAddOffsets
			x.finish(commit)
		}, []step{stepAddPartitions, stepAddOffsets, stepCommitOffsets, stepEnd}},
	} {
		t.Run(name, func(t *testing.T) {
			x := transaction{who: producerID{1, 0}}
			c.do(&x)
			var got []step
			for s := x.next(); s != stepNone && len(got) < 10; s = x.next() {
				got = append(got, s)
				x.request(s)
				x.done(s, producerID{1, 1})
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the steps are %v, want %v", got, c.want)
			}
		})
	}
}

func TestTransaction_AddsAllPartitionsAtOnce(t *testing.T) {
	a, b, c := &partitionBuffer{}, &partitionBuffer{}, &partitionBuffer{}
	x := transaction{who: producerID{1, 0}, toAdd: []*partitionBuffer{a, b}}
	if got := x.request(x.next()); !slices.Equal(got.adding, []*partitionBuffer{a, b}) {
		t.Fatalf("asked for %v", got.adding)
	}
	x.toAdd = append(x.toAdd, c)
	x.missed(stepAddPartitions, true)
	if got := x.request(x.next()); !slices.Equal(got.adding, []*partitionBuffer{a, b, c}) {
		t.Errorf("asked again for %v", got.adding)
	}
	if added := x.done(stepAddPartitions, noProducer()); !slices.Equal(added, []*partitionBuffer{a, b, c}) || x.next() != stepNone {
		t.Errorf("added are %v", added)
	}
}
