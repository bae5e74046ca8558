package streamtest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/gretestream/grete/stream"
)

// RunInstant tests the additional guarantees of a system within this process: commits
// are visible immediately, and offsets count records. open returns a new system each
// time, which may be closed by the tests.
func RunInstant(t *testing.T, open func(t *testing.T) stream.System) {
	runAll(t, open, []check{
		{"commits are atomic to observers", atomicToAll},
		{"offsets count records", offsetsCount},
		{"OffsetsAt equals a model", offsetsAtModel},
		{"a record of any size is accepted", func(f *fixture) { throughSmallBuffer(f, 5_000_000) }},
		{"a producer is fenced immediately", fencedAtOnce},
		{"records are deleted immediately", deletedAtOnce},
		{"a commit is visible immediately", polledAtOnce},
		{"a closed system fails", closedSystem},
		{"a cancelled call does nothing", cancelledCalls},
		{"random operations equal a model", model},
	})
}

func atomicToAll(f *fixture) {
	a, b, group := f.topic(3), f.topic(1), newName()
	parts := append(allOf(a, 3), tp(b, 0))
	p := f.producer("")
	const commits = 300
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range int64(commits) {
			for _, part := range parts {
				w, err := p.Writer(part.Topic)
				if err == nil {
					err = w.Send(part.Partition, value("%d", i))
				}
				if err != nil {
					f.Error(err)
					return
				}
			}
			if _, err := p.Commit(f.ctx, stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: parts[3], Offset: i + 1}}}); err != nil {
				f.Error(err)
				return
			}
		}
	})
	for last := int64(0); last < commits && !f.Failed(); {
		ends := f.ends(parts...)
		if slices.Min(ends) != slices.Max(ends) || ends[0] < last {
			f.Errorf("the ends of the partitions are %v, after %d", ends, last)
		}
		last = ends[0]
		if got := f.committed(group, parts[3])[0]; got < last && last > 0 {
			f.Errorf("the group's offset is %d, but there are %d records", got, last)
		}
	}
	writer.Wait()
}

func offsetsCount(f *fixture) {
	topic := f.topic(1)
	part := tp(topic, 0)
	p := f.producer("")
	n := 0
	for _, size := range []int{1, 5, 3000, 2} {
		for range size {
			p.send(topic, 0, value("%d", n))
			n++
		}
		if ends := p.commit(); ends[0].Offset != int64(n) || f.ends(part)[0] != int64(n) {
			f.Fatalf("Commit returns end %d, the partition's is %d, want %d", ends[0].Offset, f.ends(part)[0], n)
		}
	}
	for _, from := range []int{0, 1, 2500, n - 1, n} {
		r := f.read(int64(from), part)
		r.toEnds()
		for i, rec := range r.got[part] {
			if rec.Offset != int64(from+i) || string(rec.Value) != string(value("%d", from+i).Value) {
				f.Fatalf("record %d has offset %d and value %s", from+i, rec.Offset, rec.Value)
			}
		}
		if len(r.got[part]) != n-from {
			f.Fatalf("%d records from %d on, want %d", len(r.got[part]), from, n-from)
		}
	}
}

func fencedAtOnce(f *fixture) {
	topic, id := f.topic(1), newName()
	old := f.producer(id)
	w, err := old.Writer(topic)
	f.must(err)
	f.producer(id)
	f.wantEnd(w.Send(0, value("late")), stream.ErrFenced)
	f.wantError(old.Flush(f.ctx), stream.ErrFenced)
	f.wantError(old.Abort(f.ctx), stream.ErrFenced)
	_, err = old.Commit(f.ctx, stream.GroupOffsets{})
	f.wantError(err, stream.ErrFenced)
}

func deletedAtOnce(f *fixture) {
	topic := f.topic(2)
	part := tp(topic, 0)
	f.fill(topic, 0, 5)
	r := f.read(0, part)
	f.must(f.sys.Admin().DeleteRecords(f.ctx, stream.Position{TopicPartition: part, Offset: 3}))
	if got := f.starts(allOf(topic, 2)...); !slices.Equal(got, []int64{3, 0}) {
		f.Errorf("the partitions start at %v, want [3 0]", got)
	}
	wantOutside(r, stream.OffsetOutOfRangeError{TopicPartition: part, Offset: 0, Start: 3, End: 5})
	// DeleteRecords is atomic.
	err := f.sys.Admin().DeleteRecords(f.ctx, stream.Position{TopicPartition: part, Offset: 5}, stream.Position{TopicPartition: tp(topic, 1), Offset: 1})
	if got := f.starts(part)[0]; err == nil || got != 3 {
		f.Errorf("the error is %v, the partition starts at %d", err, got)
	}
}

func polledAtOnce(f *fixture) {
	topic := f.topic(1)
	r := f.read(0, tp(topic, 0))
	r.poll()
	f.fill(topic, 0, 1)
	if chunks := r.poll(); len(chunks) != 1 || r.End(tp(topic, 0)) != 1 {
		f.Errorf("%d chunks after the commit, the end is %d", len(chunks), r.End(tp(topic, 0)))
	}
}

func closedSystem(f *fixture) {
	topic := f.topic(1)
	p, r := f.producer(""), f.read(0, tp(topic, 0))
	p.send(topic, 0, value("lost"))
	f.must(f.sys.Close())
	f.must(f.sys.Close())
	_, err := p.Commit(f.ctx, stream.GroupOffsets{})
	f.wantError(err, stream.ErrClosed)
	_, err = r.Poll()
	f.wantError(err, stream.ErrClosed)
	_, err = f.sys.OpenProducer(f.ctx, stream.ProducerConfig{})
	f.wantError(err, stream.ErrClosed)
	_, err = f.sys.OpenConsumer(f.ctx, stream.ConsumerConfig{})
	f.wantError(err, stream.ErrClosed)
	f.wantError(f.sys.Admin().CreateTopic(f.ctx, stream.TopicConfig{Name: newName(), Partitions: 1}), stream.ErrClosed)
	_, err = f.sys.Admin().Partitions(f.ctx)
	f.wantError(err, stream.ErrClosed)
	_, err = f.sys.Admin().Ends(f.ctx, tp(topic, 0))
	f.wantError(err, stream.ErrClosed)
	f.wantError(f.sys.Admin().DeleteRecords(f.ctx, stream.Position{TopicPartition: tp(topic, 0)}), stream.ErrClosed)
	_, err = f.sys.Admin().Describe(f.ctx, topic)
	f.wantError(err, stream.ErrClosed)
	_, err = f.sys.Admin().TopicIDs(f.ctx, topic)
	f.wantError(err, stream.ErrClosed)
	_, err = f.sys.Admin().OffsetsAt(f.ctx, 0, tp(topic, 0))
	f.wantError(err, stream.ErrClosed)
	f.wantError(p.Flush(f.ctx), stream.ErrClosed)
	f.must(p.Close())
	f.must(r.Close())
}

func cancelledCalls(f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	admin, name := f.sys.Admin(), newName()
	f.wantError(admin.CreateTopic(ctx, stream.TopicConfig{Name: name, Partitions: 1}), context.Canceled)
	if got, err := admin.Partitions(f.ctx, name); err != nil || len(got) != 0 {
		f.Errorf("topics %v, %v", got, err)
	}
	_, err := f.sys.OpenProducer(ctx, stream.ProducerConfig{})
	f.wantError(err, context.Canceled)
	_, err = f.sys.OpenConsumer(ctx, stream.ConsumerConfig{})
	f.wantError(err, context.Canceled)
	_, err = admin.Ends(ctx)
	f.wantError(err, context.Canceled)
	_, err = admin.OffsetsAt(ctx, 0)
	f.wantError(err, context.Canceled)
	_, err = admin.Describe(ctx, name)
	f.wantError(err, context.Canceled)
	_, err = admin.TopicIDs(ctx, name)
	f.wantError(err, context.Canceled)
}
