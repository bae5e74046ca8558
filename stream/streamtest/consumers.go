package streamtest

import (
	"errors"
	"reflect"
	"time"

	"github.com/gretestream/grete/stream"
)

func pausedUntilReleased(f *fixture) {
	topic := f.topic(2)
	a, b := tp(topic, 0), tp(topic, 1)
	f.fill(topic, 0, 1)
	r := f.read(0, a, b)
	r.first()
	f.fill(topic, 0, 3)
	f.fill(topic, 1, 2)
	r.until(func() bool { return len(r.got[b]) == 2 }) // poll checks that a stays paused
	r.Release(b)                                       // no chunk is out
	r.wantValues(a, "0")
	r.release(a)
	r.toEnds()
	r.wantValues(a, "0", "0", "1", "2")
	r.wantValues(b, "0", "1")
}

func chunkStays(f *fixture) {
	topic := f.topic(3)
	for i := range int32(3) {
		f.fill(topic, i, 20)
	}
	r := f.read(0, tp(topic, 0))
	chunk := r.first()
	records, want := chunk.Records, r.got[tp(topic, 0)]
	r.assign(tp(topic, 1), 0)
	r.assign(tp(topic, 2), 0)
	r.until(func() bool { return len(r.got[tp(topic, 1)]) == 20 && len(r.got[tp(topic, 2)]) == 20 })
	f.fill(topic, 0, 20)
	r.Unassign(tp(topic, 1))
	r.poll()
	for i := range records {
		if got := clone(&records[i]); len(records) != len(want) || !reflect.DeepEqual(got, clone(&want[i])) {
			f.Fatalf("record %d has changed to %+v, was %+v", i, got, want[i])
		}
	}
}

func readyWakes(f *fixture) {
	topic := f.topic(1)
	part := tp(topic, 0)
	r := f.read(0, part)
	for range 20 {
		settle(r)
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.fill(topic, 0, 1)
		}()
		n := len(r.got[part])
		r.until(func() bool { return len(r.got[part]) > n })
		<-done
	}
	// While a chunk is out Poll returns nothing; Release signals Ready.
	f.fill(topic, 0, 1)
	r.first()
	f.fill(topic, 0, 1)
	settle(r)
	r.release(part)
	wantToken(r)
	r.toEnds()
	// Assigning another partition signals Ready too.
	more := f.topic(1)
	f.fill(more, 0, 1)
	settle(r)
	r.assign(tp(more, 0), 0)
	wantToken(r)
	r.toEnds()
	r.wantValues(tp(more, 0), "0")
}

// settle polls until there are no chunks and Ready isn't signalled.
func settle(r *reader) {
	r.f.Helper()
	for {
		for _, c := range r.poll() {
			r.release(c.TopicPartition)
		}
		select {
		case <-r.Ready():
		default:
			return
		}
	}
}

func wantToken(r *reader) {
	r.f.Helper()
	select {
	case <-r.Ready():
	case <-time.After(patience):
		r.f.Fatal("Ready wasn't signalled")
	}
}

func seeking(f *fixture) {
	topic := f.topic(1)
	part := tp(topic, 0)
	const n = 50
	f.fill(topic, 0, n)
	r := f.read(0, part)
	r.toEnds()
	all := r.got[part]
	if len(all) != n {
		f.Fatalf("%d records, want %d", len(all), n)
	}
	for _, i := range []int{0, n - 1, n / 2, 1, n / 2} {
		r.assign(part, all[i].Offset)
		r.toEnds()
		if !reflect.DeepEqual(r.got[part], all[i:]) {
			f.Fatalf("from offset %d on %d records, want the last %d", all[i].Offset, len(r.got[part]), n-i)
		}
	}
	// Assign releases a chunk that is out.
	r.assign(part, 0)
	r.first()
	r.assign(part, all[n-1].Offset)
	r.toEnds()
	r.wantValues(part, "49")
	// At the end Poll returns nothing until there are more records.
	r.assign(part, f.ends(part)[0])
	if chunks := r.poll(); len(chunks) > 0 {
		f.Errorf("%d chunks after the end", len(chunks))
	}
	f.fill(topic, 0, 1)
	r.toEnds()
	r.wantValues(part, "0")
	if err := r.Assign(part, -1); err == nil {
		f.Error("a negative offset is accepted")
	}
}

func unassigned(f *fixture) {
	topic := f.topic(2)
	a, b := tp(topic, 0), tp(topic, 1)
	f.fill(topic, 0, 2)
	f.fill(topic, 1, 2)
	r := f.read(0, a, b)
	r.Unassign(tp(newName(), 0))
	r.Release(tp(newName(), 0))
	r.first() // of either partition
	r.Unassign(a)
	delete(r.next, a)
	for p := range r.out {
		r.release(p) // may be unassigned
	}
	r.toEnds()
	r.wantValues(b, "0", "1")
	if end := r.End(a); end != -1 {
		f.Errorf("the end of an unassigned partition is %d", end)
	}
	r.assign(a, 0)
	r.toEnds()
	r.wantValues(a, "0", "1")
}

func outOfRange(f *fixture) {
	topic := f.topic(2)
	part := tp(topic, 0)
	f.fill(topic, 1, 3)
	f.fill(topic, 0, 3)
	end := f.settledEnds(part)[0]
	r := f.read(0, tp(topic, 1))
	r.assign(part, end+1)
	wantOutside(r, stream.OffsetOutOfRangeError{TopicPartition: part, Offset: end + 1, Start: 0, End: end})
	r.assign(part, 0)
	r.toEnds() // reading continues, and no record of the other partition is lost
	r.wantValues(part, "0", "1", "2")
	r.wantValues(tp(topic, 1), "0", "1", "2")
	// Records may be deleted while they are read.
	f.must(f.sys.Admin().DeleteRecords(f.ctx, stream.Position{TopicPartition: part, Offset: end}))
	if start := f.starts(part)[0]; start == end {
		r.assign(part, 0)
		wantOutside(r, stream.OffsetOutOfRangeError{TopicPartition: part, Offset: 0, Start: end, End: end})
	}
}

func wantOutside(r *reader, want stream.OffsetOutOfRangeError) {
	r.f.Helper()
	var got *stream.OffsetOutOfRangeError
	if err := r.pollError(); !errors.As(err, &got) || *got != want {
		r.f.Fatalf("the error is %v, want %v", err, &want)
	}
}

func consumerEnd(f *fixture) {
	topic := f.topic(1)
	part := tp(topic, 0)
	r := f.reader(0)
	if end := r.End(part); end != -1 {
		f.Errorf("the end of an unassigned partition is %d", end)
	}
	f.fill(topic, 0, 3)
	r.assign(part, 0)
	r.toEnds()
	end := f.settledEnds(part)[0]
	r.until(func() bool { return r.End(part) == end })
	if r.next[part] != end {
		f.Errorf("the end is %d, but the position is %d", end, r.next[part])
	}
}

func closedConsumer(f *fixture) {
	topic := f.topic(1)
	f.fill(topic, 0, 1)
	r := f.read(0, tp(topic, 0))
	r.first()
	f.must(r.Close())
	f.must(r.Close())
	_, err := r.Poll()
	f.wantError(err, stream.ErrClosed)
	f.wantError(r.Assign(tp(topic, 0), 0), stream.ErrClosed)
	f.fill(topic, 0, 1) // must not signal the closed consumer
}
