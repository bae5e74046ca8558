package streamtest

import (
	"context"
	"slices"

	"github.com/gretestream/grete/stream"
)

func seenAfterCommit(f *fixture) {
	topic := f.topic(1)
	part := tp(topic, 0)
	r := f.read(0, part)
	p := f.producer("")
	for i := range 3 {
		p.send(topic, 0, value("%d", i))
		if chunks := r.poll(); len(chunks) > 0 || f.ends(part)[0] != 0 {
			f.Fatalf("before the commit: %d chunks, the end is %d", len(chunks), f.ends(part)[0])
		}
	}
	p.commit()
	r.toEnds()
	r.wantValues(part, "0", "1", "2")
}

func commitTellsEnds(f *fixture) {
	topic := f.topic(3)
	p := f.producer("")
	for round := range 3 {
		for range round + 1 {
			p.send(topic, 2, value("x"))
			p.send(topic, 0, value("x"))
		}
		got := p.commit()
		slices.SortFunc(got, func(a, b stream.Position) int { return int(a.Partition - b.Partition) })
		if len(got) != 2 || got[0].TopicPartition != tp(topic, 0) || got[1].TopicPartition != tp(topic, 2) {
			f.Fatalf("Commit returns %v, want partitions 0 and 2", got)
		}
		for _, end := range got {
			wantEnd(f, end)
		}
	}
	if end := f.ends(tp(topic, 1))[0]; end != 0 {
		f.Errorf("a partition that wasn't written to ends at %d", end)
	}
}

// wantEnd checks that the last record is the one before end.
func wantEnd(f *fixture, end stream.Position) {
	f.Helper()
	r := f.read(end.Offset-1, end.TopicPartition)
	r.toEnds()
	if got := r.got[end.TopicPartition]; len(got) != 1 || got[0].Offset != end.Offset-1 {
		f.Fatalf("Commit returns end %d of %s; from the offset before it the records are %v", end.Offset, end.TopicPartition, got)
	}
	f.must(r.Close())
}

func commitIsOfAll(f *fixture) {
	a, b, group := f.topic(2), f.topic(1), newName()
	p := f.producer("")
	parts := append(allOf(a, 2), tp(b, 0))
	for _, part := range parts {
		p.send(part.Topic, part.Partition, value("of %s", part))
	}
	_, err := p.Commit(f.ctx, stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: tp(b, 0), Offset: 7}}})
	f.must(err)
	r := f.read(0, parts...)
	r.toEnds()
	for _, part := range parts {
		r.wantValues(part, "of "+part.String())
	}
	if got := f.committed(group, tp(b, 0))[0]; got != 7 {
		f.Errorf("the group's offset is %d, want 7", got)
	}
}

func emptyCommit(f *fixture) {
	topic := f.topic(1)
	p := f.producer("")
	if ends := p.commit(); len(ends) != 0 {
		f.Errorf("an empty Commit returns %v", ends)
	}
	p.send(topic, 0, value("x"))
	p.commit()
	end := f.settledEnds(tp(topic, 0))[0]
	if ends := p.commit(); len(ends) != 0 || f.ends(tp(topic, 0))[0] != end {
		f.Errorf("an empty Commit returns %v and moves the end from %d to %d", ends, end, f.ends(tp(topic, 0))[0])
	}
}

func aborted(f *fixture) {
	topic := f.topic(2)
	p := f.producer("")
	f.must(p.Abort(f.ctx))
	for i := range 200 {
		p.send(topic, int32(i%2), value("aborted %d", i))
	}
	f.must(p.Abort(f.ctx))
	if p.Buffered() != 0 {
		f.Errorf("%d bytes are buffered after Abort", p.Buffered())
	}
	p.send(topic, 0, value("kept"))
	p.commit()
	r := f.read(0, allOf(topic, 2)...)
	r.toEnds()
	r.wantValues(tp(topic, 0), "kept")
	r.wantValues(tp(topic, 1))
}

func closedProducer(f *fixture) {
	topic := f.topic(1)
	p := f.producer(newName())
	w, err := p.Writer(topic)
	f.must(err)
	f.must(w.Send(0, value("lost")))
	f.must(p.Close())
	f.must(p.Close())
	f.wantEnd(w.Send(0, value("late")), stream.ErrClosed)
	_, err = p.Commit(f.ctx, stream.GroupOffsets{})
	f.wantError(err, stream.ErrClosed)
	_, err = p.Writer(topic)
	f.wantError(err, stream.ErrClosed)
	f.fill(topic, 0, 1)
	r := f.read(0, tp(topic, 0))
	r.toEnds()
	r.wantValues(tp(topic, 0), "0")
}

func buffered(f *fixture) {
	topic := f.topic(1)
	p := f.producer("")
	if n := p.Buffered(); n != 0 {
		f.Fatalf("%d bytes are buffered before the first Send", n)
	}
	for range 10 {
		p.send(topic, 0, &stream.Record{Value: make([]byte, 1000)})
		if n := p.Buffered(); n < 0 {
			f.Fatalf("%d bytes are buffered", n)
		}
	}
	p.commit()
	if p.Buffered() != 0 {
		f.Errorf("%d bytes are buffered after Commit", p.Buffered())
	}
}

func cancelled(f *fixture) {
	topic := f.topic(1)
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	p := f.producer(newName())
	p.send(topic, 0, value("x"))
	_, err := p.Commit(ctx, stream.GroupOffsets{})
	f.wantError(err, context.Canceled)
	if end := f.ends(tp(topic, 0))[0]; end != 0 {
		f.Errorf("the partition ends at %d", end)
	}
}

func groupOffsets(f *fixture) {
	topic, group, other := f.topic(3), newName(), newName()
	parts := allOf(topic, 3)
	p := f.producer("")
	commit := func(group string, partition int, offset int64) {
		f.Helper()
		_, err := p.Commit(f.ctx, stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: parts[partition], Offset: offset}}})
		f.must(err)
	}
	want := func(group string, want ...int64) {
		f.Helper()
		if got := f.committed(group, parts...); !slices.Equal(got, want) {
			f.Errorf("the group's offsets are %v, want %v", got, want)
		}
	}
	want(group, -1, -1, -1)
	commit(group, 0, 5)
	commit(group, 2, 0)
	commit(other, 0, 9)
	want(group, 5, -1, 0)
	want(other, 9, -1, -1)
	commit(group, 0, 3) // an offset may decrease
	want(group, 3, -1, 0)
	p.send(topic, 1, value("x"))
	f.must(p.Abort(f.ctx))
	want(group, 3, -1, 0)
	if got := f.committed(group, parts[2], parts[0]); !slices.Equal(got, []int64{0, 3}) {
		f.Errorf("in another order they are %v", got)
	}
}

func badOffsets(f *fixture) {
	topic := f.topic(1)
	for _, bad := range []stream.GroupOffsets{
		{Positions: []stream.Position{{TopicPartition: tp(topic, 0)}}},
		{Group: "g", Positions: []stream.Position{{TopicPartition: tp(topic, 0), Offset: -1}}},
		{Group: "g", Positions: []stream.Position{{TopicPartition: tp(newName(), 0), Offset: 1}}},
	} {
		p := f.producer("")
		p.send(topic, 0, value("x"))
		if _, err := p.Commit(f.ctx, bad); err == nil {
			f.Errorf("%+v is accepted", bad)
		}
		f.must(p.Close())
	}
	f.fill(topic, 0, 1) // after the rejected commits
	r := f.read(0, tp(topic, 0))
	r.toEnds()
	r.wantValues(tp(topic, 0), "0")
}

func fencing(f *fixture) {
	topic, id := f.topic(1), newName()
	old, bystander, nameless := f.producer(id), f.producer(newName()), f.producer("")
	for _, p := range []*producer{old, bystander, nameless} {
		p.send(topic, 0, value("%p", p))
	}
	next := f.producer(id)
	_, err := old.Commit(f.ctx, stream.GroupOffsets{})
	f.wantError(err, stream.ErrFenced)
	_, err = old.Commit(f.ctx, stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: tp(topic, 0), Offset: 1}}})
	f.wantError(err, stream.ErrFenced)
	f.producer("")
	bystander.commit()
	nameless.commit()
	next.send(topic, 0, value("next"))
	next.commit()
	f.must(old.Close()) // doesn't affect the new one
	next.send(topic, 0, value("again"))
	next.commit()
	again := f.producer(id)
	f.wantEnd(next.try(topic, value("late")), stream.ErrFenced)
	f.must(again.Close())
	r := f.read(0, tp(topic, 0))
	r.toEnds()
	if got := r.values(tp(topic, 0)); len(got) != 4 || got[2] != "next" || got[3] != "again" {
		f.Errorf("the partition has %q", got)
	}
}
