package streamtest

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/stream"
)

func flushed(f *fixture) {
	topic := f.topic(2)
	a, b := tp(topic, 0), tp(topic, 1)
	p := f.producer("")
	f.must(p.Flush(f.ctx)) // nothing to flush
	p.send(topic, 0, value("0"))
	f.must(p.Flush(f.ctx))
	p.send(topic, 0, value("1"))
	p.send(topic, 1, value("other"))
	f.must(p.Flush(f.ctx))
	f.must(p.Flush(f.ctx))
	r := f.read(0, a, b)
	if chunks := r.poll(); len(chunks) > 0 || f.ends(a)[0] != 0 {
		f.Fatalf("flushed and not committed: %d chunks, the end is %d", len(chunks), f.ends(a)[0])
	}
	f.passed(a, f.logEnds(a), func() {
		p.send(topic, 0, value("2"))
		p.commit()
	})
	r.toEnds()
	r.wantValues(a, "0", "1", "2")
	r.wantValues(b, "other")
	p.send(topic, 0, value("aborted"))
	f.must(p.Flush(f.ctx))
	f.passed(a, f.logEnds(a), func() { f.must(p.Abort(f.ctx)) })
	p.send(topic, 0, value("3"))
	p.commit()
	r.toEnds()
	r.wantValues(a, "0", "1", "2", "3")
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	p.send(topic, 0, value("cancelled"))
	f.wantError(p.Flush(ctx), context.Canceled)
	f.must(p.Close())
	f.wantError(p.Flush(f.ctx), stream.ErrClosed)
}

// passed ends a transaction and checks that Ends then reaches the previous LogEnds.
func (f *fixture) passed(part stream.TopicPartition, logEnd int64, end func()) {
	f.Helper()
	if is := f.ends(part)[0]; is > logEnd {
		f.Fatalf("%s: the end of committed records is %d, after that of all records, %d", part, is, logEnd)
	}
	end()
	f.mu.Lock()
	f.said[part] = max(f.said[part], logEnd)
	f.mu.Unlock()
	f.settledEnds(part)
}

func (f *fixture) logEnds(part stream.TopicPartition) int64 {
	f.Helper()
	offsets, err := f.sys.Admin().LogEnds(f.ctx, part)
	f.must(err)
	return offsets[0]
}

// atLeastOnce checks that without failures each record is read once and in order, with
// and without Flush.
func atLeastOnce(f *fixture) {
	topic, group := f.topic(2), newName()
	a, b := tp(topic, 0), tp(topic, 1)
	p, err := f.open(stream.ProducerConfig{ID: newName(), AtLeastOnce: true})
	f.must(err)
	r := f.read(0, a, b)
	var ofA []stream.Record
	var ofB []string
	for round := range int64(4) {
		ofA = append(ofA, samples()...)
		p.sendAll(topic, samples())
		if round%2 == 0 {
			f.must(p.Flush(f.ctx))
		}
		for i := range 100 {
			v := fmt.Sprintf("%d/%d", round, i)
			ofB = append(ofB, v)
			p.send(topic, 1, value("%s", v))
		}
		ends, err := p.Commit(f.ctx, stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: a, Offset: round}}})
		f.must(err)
		for _, end := range ends {
			wantEnd(f, end)
		}
		if got := f.committed(group, a)[0]; len(ends) != 2 || p.Buffered() != 0 || got != round {
			f.Fatalf("commit %d returns %v, %d bytes are buffered after it, and the group's offset is %d", round, ends, p.Buffered(), got)
		}
		r.toEnds()
		wantRecords(f, r.got[a], ofA)
		r.wantValues(b, ofB...)
	}
	f.must(p.Close())
	_, err = p.Commit(f.ctx, stream.GroupOffsets{})
	f.wantError(err, stream.ErrClosed)
}
