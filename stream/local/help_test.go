package local

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gretestream/grete/stream"
)

func TestMain(m *testing.M) {
	if dir := childDir(); dir != "" {
		commitForever(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// log is an open system with helpers for tests.
type log struct {
	*System
	t testing.TB
}

func openLog(t testing.TB, dir string, opts Options) *log {
	t.Helper()
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // most tests close it themselves
	return &log{s, t}
}

// openIdle opens a log without background work.
func openIdle(t testing.TB, dir string, opts Options) *log {
	t.Helper()
	s, err := open(dir, opts.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &log{s, t}
}

func (l *log) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) create(cfg stream.TopicConfig) {
	l.t.Helper()
	l.must(l.Admin().CreateTopic(context.Background(), cfg))
}

// keyed returns a record for each key. Its value has the key, its offset (at for the
// first record) and padding.
func keyed(at int, padding int, keys ...string) []stream.Record {
	var list []stream.Record
	for i, k := range keys {
		list = append(list, stream.Record{Key: []byte(k), Value: fmt.Appendf(nil, "%s@%d%*s", k, at+i, padding, "")})
	}
	return list
}

func (l *log) put(tp stream.TopicPartition, records ...stream.Record) {
	l.t.Helper()
	p, err := l.OpenProducer(context.Background(), stream.ProducerConfig{})
	l.must(err)
	defer p.Close()
	w, err := p.Writer(tp.Topic)
	l.must(err)
	for i := range records {
		l.must(w.Send(tp.Partition, &records[i]))
	}
	_, err = p.Commit(context.Background(), stream.GroupOffsets{})
	l.must(err)
}

func (l *log) consumer(tp stream.TopicPartition, offset int64, maxBytes int64) stream.Consumer {
	l.t.Helper()
	c, err := l.OpenConsumer(context.Background(), stream.ConsumerConfig{MaxBytes: maxBytes})
	l.must(err)
	l.must(c.Assign(tp, offset))
	return c
}

// drain reads everything that is available.
func (l *log) drain(c stream.Consumer) []stream.Record {
	l.t.Helper()
	var all []stream.Record
	for {
		chunks, err := c.Poll()
		l.must(err)
		if len(chunks) == 0 {
			return all
		}
		for _, chunk := range chunks {
			for _, r := range chunk.Records {
				r.Key, r.Value = slices.Clone(r.Key), slices.Clone(r.Value)
				all = append(all, r)
			}
			c.Release(chunk.TopicPartition)
		}
	}
}

func (l *log) all(tp stream.TopicPartition) []stream.Record {
	l.t.Helper()
	starts, err := l.Admin().Starts(context.Background(), tp)
	l.must(err)
	c := l.consumer(tp, starts[0], 0)
	defer c.Close()
	return l.drain(c)
}

func offsetsOf(records []stream.Record) []int64 {
	var out []int64
	for _, r := range records {
		out = append(out, r.Offset)
	}
	return out
}

// part returns partition 0 of a topic.
func part(topic string) stream.TopicPartition { return stream.TopicPartition{Topic: topic} }

// manual disables periodic background work. A full segment still triggers cleaning.
func manual(opts Options) Options {
	opts.SyncInterval, opts.CleanInterval = time.Hour, time.Hour
	return opts
}
