package streamtest

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
	"pgregory.net/rapid"
)

func (f *fixture) offsetsAt(at int64, of ...stream.TopicPartition) []int64 {
	f.Helper()
	offsets, err := f.sys.Admin().OffsetsAt(f.ctx, at, of...)
	f.must(err)
	return offsets
}

// offsetsAt reads from the offsets of several times. It sends one transaction, because
// markers have times of their own.
func offsetsAt(f *fixture) {
	topic := f.topic(2)
	part := tp(topic, 1)
	p := f.producer("")
	times := []int64{1000, 2000, 1500, 1500, 3000}
	for _, t := range times {
		p.send(topic, 1, &stream.Record{Value: value("%d", t).Value, Time: t})
	}
	p.commit()
	f.settledEnds(part)
	for _, c := range []struct {
		at   int64
		want []string
	}{
		{0, []string{"1000", "2000", "1500", "1500", "3000"}},
		{1000, []string{"1000", "2000", "1500", "1500", "3000"}},
		{1001, []string{"2000", "1500", "1500", "3000"}},
		{2000, []string{"2000", "1500", "1500", "3000"}},
		{2001, []string{"3000"}},
		{3001, nil},
		{time.Now().Add(time.Hour).UnixMilli(), nil},
	} {
		r := f.read(f.offsetsAt(c.at, part)[0], part)
		r.toEnds()
		r.wantValues(part, c.want...)
		f.must(r.Close())
	}
	if got := f.offsetsAt(1000, tp(topic, 0), part, tp(topic, 0)); !slices.Equal(got, []int64{0, 0, 0}) {
		f.Errorf("offsets of an empty partition, a full and an empty one: %v", got)
	}
}

// offsetsAtModel compares OffsetsAt with a linear search.
func offsetsAtModel(f *fixture) {
	rapid.Check(f.T, func(t *rapid.T) {
		topic := f.topic(1)
		part := tp(topic, 0)
		p := f.producer("")
		var times []int64
		for range rapid.IntRange(1, 8).Draw(t, "commits") {
			for range rapid.SampledFrom([]int{1, 2, 30, 900}).Draw(t, "records") {
				at := int64(len(times)) + rapid.Int64Range(1, 20).Draw(t, "time")
				times = append(times, at)
				p.send(topic, 0, &stream.Record{Value: make([]byte, 60), Time: at})
			}
			p.commit()
		}
		f.must(p.Close())
		start := rapid.IntRange(0, len(times)).Draw(t, "start")
		f.must(f.sys.Admin().DeleteRecords(f.ctx, stream.Position{TopicPartition: part, Offset: int64(start)}))
		for range 20 {
			at := rapid.Int64Range(0, int64(len(times))+25).Draw(t, "at")
			want := start
			for want < len(times) && times[want] < at {
				want++
			}
			if got := f.offsetsAt(at, part)[0]; got != int64(want) {
				t.Fatalf("the offset of time %d is %d, want %d; the partition has %d to %d", at, got, want, start, len(times))
			}
		}
	})
}
