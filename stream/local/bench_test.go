//go:build unix

package local

import (
	"bytes"
	"context"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gretestream/grete/stream"
)

func benchRecord() *stream.Record {
	return &stream.Record{Key: []byte("user-123"), Value: bytes.Repeat([]byte{'x'}, 92), Time: 1398926301271}
}

// fill appends n records in commits of 50,000 to 8 partitions.
func fill(b *testing.B, l *log, n int, r *stream.Record) {
	ctx := context.Background()
	p, err := l.OpenProducer(ctx, stream.ProducerConfig{})
	l.must(err)
	defer p.Close()
	w, err := p.Writer("bench")
	l.must(err)
	for i := range n {
		if err := w.Send(int32(i&7), r); err != nil {
			b.Fatal(err)
		}
		if i%50_000 == 49_999 || i == n-1 {
			_, err := p.Commit(ctx, stream.GroupOffsets{})
			l.must(err)
		}
	}
	b.StopTimer()
}

// cpu reports the CPU time, which depends less than elapsed time on what else the
// machine does.
func cpu(b *testing.B) func() {
	used := func() int64 {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkAppend measures Send and Commit of a record of 100 bytes.
func BenchmarkAppend(b *testing.B) {
	now := benchRecord()
	now.Time = 0
	for name, r := range map[string]*stream.Record{"time": benchRecord(), "now": now} {
		b.Run(name, func(b *testing.B) {
			l := openLog(b, b.TempDir(), manual(Options{Sync: SyncNever}))
			l.create(stream.TopicConfig{Name: "bench", Partitions: 8, Retention: -1})
			b.ReportAllocs()
			b.ResetTimer()
			stop := cpu(b)
			fill(b, l, b.N, r)
			stop()
		})
	}
}

// BenchmarkRead measures Poll and Release of a record of 100 bytes.
func BenchmarkRead(b *testing.B) {
	l := openLog(b, b.TempDir(), manual(Options{Sync: SyncNever}))
	l.create(stream.TopicConfig{Name: "bench", Partitions: 8, Retention: -1})
	const records = 1_000_000
	fill(b, l, records, benchRecord())
	b.ReportAllocs()
	b.StartTimer()
	b.ResetTimer()
	defer cpu(b)()
	for n := 0; n < b.N; {
		c, err := l.OpenConsumer(context.Background(), stream.ConsumerConfig{})
		l.must(err)
		for i := range int32(8) {
			l.must(c.Assign(stream.TopicPartition{Topic: "bench", Partition: i}, 0))
		}
		for left := records; left > 0 && n < b.N; {
			chunks, err := c.Poll()
			if err != nil {
				b.Fatal(err)
			}
			for i := range chunks {
				left -= len(chunks[i].Records)
				n += len(chunks[i].Records)
				c.Release(chunks[i].TopicPartition)
			}
		}
		l.must(c.Close())
	}
}

// BenchmarkCommit measures a commit of one record to each of 8 partitions.
func BenchmarkCommit(b *testing.B) {
	l := openLog(b, b.TempDir(), manual(Options{Sync: SyncNever}))
	l.create(stream.TopicConfig{Name: "bench", Partitions: 8, Retention: -1})
	ctx := context.Background()
	p, err := l.OpenProducer(ctx, stream.ProducerConfig{})
	l.must(err)
	defer p.Close()
	w, err := p.Writer("bench")
	l.must(err)
	r := benchRecord()
	b.ReportAllocs()
	for b.Loop() {
		for i := range int32(8) {
			l.must(w.Send(i, r))
		}
		_, err := p.Commit(ctx, stream.GroupOffsets{})
		l.must(err)
	}
}

// BenchmarkSeek measures Assign to an offset in a segment of 64 MiB, and the first
// Poll.
func BenchmarkSeek(b *testing.B) {
	l := openLog(b, b.TempDir(), manual(Options{Sync: SyncNever}))
	l.create(stream.TopicConfig{Name: "bench", Partitions: 8, Retention: -1})
	const records = 4_000_000
	fill(b, l, records, benchRecord())
	c, err := l.OpenConsumer(context.Background(), stream.ConsumerConfig{})
	l.must(err)
	defer c.Close()
	b.StartTimer()
	offset := int64(0)
	for b.Loop() {
		offset = (offset + 123_457) % (records / 8)
		l.must(c.Assign(part("bench"), offset))
		chunks, err := c.Poll()
		l.must(err)
		if chunks[0].Records[0].Offset != offset {
			b.Fatal(chunks[0].Records[0].Offset, offset)
		}
	}
}
