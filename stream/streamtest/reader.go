package streamtest

import (
	"bytes"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// reader is a stream.Consumer that keeps copies of its records, and checks the
// invariants of every chunk.
type reader struct {
	stream.Consumer
	f    *fixture
	next map[stream.TopicPartition]int64 // positions of the assigned partitions
	out  map[stream.TopicPartition]bool
	got  map[stream.TopicPartition][]stream.Record
}

func (f *fixture) reader(maxBytes int64) *reader {
	f.Helper()
	c, err := f.sys.OpenConsumer(f.ctx, stream.ConsumerConfig{MaxBytes: maxBytes})
	f.must(err)
	f.Cleanup(func() { _ = c.Close() })
	return &reader{
		Consumer: c, f: f,
		next: make(map[stream.TopicPartition]int64),
		out:  make(map[stream.TopicPartition]bool),
		got:  make(map[stream.TopicPartition][]stream.Record),
	}
}

// read returns a reader of partitions from offset on.
func (f *fixture) read(offset int64, of ...stream.TopicPartition) *reader {
	f.Helper()
	r := f.reader(0)
	for _, p := range of {
		r.assign(p, offset)
	}
	return r
}

func (r *reader) assign(p stream.TopicPartition, offset int64) {
	r.f.Helper()
	r.f.must(r.Assign(p, offset))
	r.next[p] = offset
	delete(r.out, p)
	delete(r.got, p)
}

func (r *reader) release(p stream.TopicPartition) {
	r.Release(p)
	delete(r.out, p)
}

// poll calls Poll and checks and copies the chunks. It doesn't release them.
func (r *reader) poll() []stream.Chunk {
	r.f.Helper()
	chunks, err := r.Poll()
	r.f.must(err)
	for i := range chunks {
		r.take(&chunks[i])
	}
	return chunks
}

func (r *reader) take(c *stream.Chunk) {
	r.f.Helper()
	p := c.TopicPartition
	next, assigned := r.next[p]
	if !assigned || r.out[p] {
		r.f.Fatalf("unexpected chunk of %s: assigned %v, paused %v", p, assigned, r.out[p])
	}
	for i := range c.Records {
		rec := &c.Records[i]
		if rec.Offset < next || rec.Offset >= c.Next {
			r.f.Fatalf("%s: offset %d, expected one from %d to %d", p, rec.Offset, next, c.Next-1)
		}
		next = rec.Offset + 1
		r.got[p] = append(r.got[p], clone(rec))
	}
	if len(c.Records) == 0 && c.Next <= next {
		r.f.Fatalf("%s: empty chunk from %d to %d", p, next, c.Next)
	}
	r.next[p] = c.Next
	r.out[p] = true
}

func clone(rec *stream.Record) stream.Record {
	c := *rec
	c.Key, c.Value = bytes.Clone(rec.Key), bytes.Clone(rec.Value)
	c.Headers = slices.Clone(rec.Headers)
	for i := range c.Headers {
		c.Headers[i].Value = bytes.Clone(c.Headers[i].Value)
	}
	return c
}

// until reads and releases chunks until done returns true.
func (r *reader) until(done func() bool) {
	r.f.Helper()
	timeout := time.After(patience)
	for !done() {
		chunks := r.poll()
		for i := range chunks {
			r.release(chunks[i].TopicPartition)
		}
		if len(chunks) > 0 {
			continue
		}
		select {
		case <-r.Ready():
		case <-timeout:
			r.f.Fatalf("timeout while waiting for records, at %v", r.next)
		}
	}
}

// toEnds reads all committed records, up to the settled ends of the partitions.
func (r *reader) toEnds() {
	r.f.Helper()
	all := make([]stream.TopicPartition, 0, len(r.next))
	for p := range r.next {
		all = append(all, p)
	}
	ends := r.f.settledEnds(all...)
	r.until(func() bool {
		for i, p := range all {
			if r.next[p] < ends[i] {
				return false
			}
		}
		return true
	})
}

// first waits for a chunk with records and returns it, not released.
func (r *reader) first() stream.Chunk {
	r.f.Helper()
	timeout := time.After(patience)
	for {
		for _, c := range r.poll() {
			if len(c.Records) > 0 {
				return c
			}
			r.release(c.TopicPartition)
		}
		select {
		case <-r.Ready():
		case <-timeout:
			r.f.Fatal("timeout while waiting for a chunk")
		}
	}
}

// pollUntilQuiet polls without releasing chunks, until there are no new ones for a
// while.
func (r *reader) pollUntilQuiet() {
	r.f.Helper()
	for {
		for range 20 {
			r.poll()
		}
		select {
		case <-r.Ready():
		case <-time.After(100 * time.Millisecond):
			return
		}
	}
}

// pollError waits for Poll to fail.
func (r *reader) pollError() error {
	r.f.Helper()
	timeout := time.After(patience)
	for {
		chunks, err := r.Poll()
		if err != nil {
			return err
		}
		for i := range chunks {
			r.take(&chunks[i])
			r.release(chunks[i].TopicPartition)
		}
		if len(chunks) > 0 {
			continue
		}
		select {
		case <-r.Ready():
		case <-timeout:
			r.f.Fatal("Poll didn't fail")
		}
	}
}

// values returns the values of a partition's records so far.
func (r *reader) values(p stream.TopicPartition) []string {
	var list []string
	for i := range r.got[p] {
		list = append(list, string(r.got[p][i].Value))
	}
	return list
}

func (r *reader) wantValues(p stream.TopicPartition, want ...string) {
	r.f.Helper()
	if got := r.values(p); !slices.Equal(got, want) {
		r.f.Fatalf("%s has %q, want %q", p, got, want)
	}
}
