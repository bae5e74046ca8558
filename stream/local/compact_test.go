package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
)

// compactLog returns a log with a compacted topic, and its clock.
func compactLog(t *testing.T) (*log, *time.Time) {
	now := time.UnixMilli(1398926301271)
	l := openIdle(t, t.TempDir(), Options{CompactedSegmentBytes: 1000, Now: func() time.Time { return now }})
	l.create(stream.TopicConfig{Name: "c", Partitions: 1, Cleanup: stream.CleanupCompact})
	return l, &now
}

func (l *log) clean() {
	l.t.Helper()
	l.must(l.Clean(context.Background()))
}

// files returns the number of a topic's segment files.
func (l *log) files(topic string) int {
	l.must(l.sync())
	names, err := filepath.Glob(filepath.Join(l.topicDir(topic), "*.log"))
	l.must(err)
	return len(names)
}

func TestCompaction_KeepsLastOfEachKey(t *testing.T) {
	l, _ := compactLog(t)
	at := 0
	for _, keys := range [][]string{{"a", "b"}, {"a", "c"}, {"b", "a"}, {"d"}, {"a"}} {
		l.put(part("c"), keyed(at, 900, keys...)...)
		at += len(keys)
	}
	if n := l.files("c"); n != 5 {
		t.Fatalf("%d segments, want 5", n)
	}
	l.clean()
	// The segments with offsets 0 to 6 are full; c@3, b@4, a@5 and d@6 are the last of
	// their keys there. a@7 is in the active segment.
	if got := offsetsOf(l.all(part("c"))); !slices.Equal(got, []int64{3, 4, 5, 6, 7}) {
		t.Fatalf("offsets %v", got)
	}
	l.put(part("c"), keyed(8, 900, "d")...)
	l.put(part("c"), keyed(9, 900, "c")...)
	l.put(part("c"), keyed(10, 900, "x")...)
	l.clean()
	got := l.all(part("c"))
	if !slices.Equal(offsetsOf(got), []int64{4, 7, 8, 9, 10}) {
		t.Fatalf("offsets %v", offsetsOf(got))
	}
	for _, r := range got {
		if want := fmt.Sprintf("%s@%d%900s", r.Key, r.Offset, ""); string(r.Value) != want {
			t.Errorf("%d: %.10q", r.Offset, r.Value)
		}
	}
}

func TestCompaction_DropsOldTombstones(t *testing.T) {
	l, now := compactLog(t)
	l.put(part("c"), keyed(0, 900, "a", "b")...)
	l.put(part("c"), stream.Record{Key: []byte("a")}, keyed(0, 900, "fill")[0])
	l.put(part("c"), keyed(4, 900, "x")...)
	l.clean()
	if got := offsetsOf(l.all(part("c"))); !slices.Equal(got, []int64{1, 2, 3, 4}) {
		t.Fatalf("with a new tombstone: offsets %v", got)
	}
	*now = now.Add(25 * time.Hour)
	l.put(part("c"), keyed(5, 900, "y")...)
	l.put(part("c"), keyed(6, 900, "z")...)
	l.clean()
	if got := offsetsOf(l.all(part("c"))); !slices.Equal(got, []int64{1, 3, 4, 5, 6}) {
		t.Fatalf("with an old tombstone: offsets %v", got)
	}
}

// A tombstone is kept by its first compaction even if it is old: a reader may have
// passed the value that it deletes.
func TestCompaction_KeepsOldTombstoneOnce(t *testing.T) {
	l, now := compactLog(t)
	l.put(part("c"), keyed(0, 900, "a")...)
	l.put(part("c"), keyed(1, 900, "fill")...)
	l.put(part("c"), stream.Record{Key: []byte("a")})
	l.put(part("c"), keyed(3, 900, "x")...)
	*now = now.Add(25 * time.Hour)
	l.clean()
	if got := offsetsOf(l.all(part("c"))); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("offsets %v", got)
	}
}

// A reader sees the last value of every key and reaches the end, at whatever
// position a compaction replaces the segments.
func TestCompaction_WhileReading(t *testing.T) {
	for polls := range 6 {
		l, _ := compactLog(t)
		for i := range 12 {
			l.put(part("c"), keyed(i, 900, strconv.Itoa(i%3))...)
		}
		c := l.consumer(part("c"), 0, 0)
		var got []stream.Record
		for range polls { // each Poll reads a segment
			chunks, err := c.Poll()
			l.must(err)
			got = append(got, chunks[0].Records...)
			c.Release(part("c"))
		}
		held, err := c.Poll() // released after the compaction
		l.must(err)
		l.clean()
		want := offsetsOf(got)
		for _, r := range held[0].Records {
			if string(r.Value[:2]) != strconv.FormatInt(r.Offset%3, 10)+"@" {
				t.Errorf("the held chunk has changed: %.10q", r.Value)
			}
			want = append(want, r.Offset)
		}
		c.Release(part("c"))
		rest := l.drain(c)
		if all := append(want, offsetsOf(rest)...); !slices.IsSorted(all) || len(slices.Compact(all)) != len(all) ||
			!slices.Equal(all[len(all)-3:], []int64{9, 10, 11}) {
			t.Errorf("compacted after %d chunks: %v", polls, all)
		}
		l.must(c.Close())
		if n := l.files("c"); n != 2 { // one compacted, one active
			t.Errorf("%d files are left", n)
		}
	}
}

func TestConsumer_PassesHoles(t *testing.T) {
	l, now := compactLog(t)
	l.put(part("c"), stream.Record{Key: []byte("a")}, stream.Record{Key: []byte("b"), Headers: []stream.Header{{Key: "x", Value: make([]byte, 900)}}})
	l.put(part("c"), keyed(2, 900, "x")...)
	l.clean()
	*now = now.Add(25 * time.Hour)
	l.put(part("c"), keyed(3, 900, "y")...)
	l.clean()
	l.must(l.Admin().DeleteRecords(context.Background(), stream.Position{TopicPartition: part("c"), Offset: 1}))
	c := l.consumer(part("c"), 1, 0)
	defer c.Close()
	if got := offsetsOf(l.drain(c)); !slices.Equal(got, []int64{2, 3}) {
		t.Fatalf("%v", got)
	}
	if l.topics["c"].partitions[0].segments[0].base != 2 {
		t.Error("an empty segment is left")
	}
}

func TestClean_RunsInBackground(t *testing.T) {
	l := openLog(t, t.TempDir(), Options{CompactedSegmentBytes: 4 << 10, SyncInterval: time.Millisecond})
	l.create(stream.TopicConfig{Name: "c", Partitions: 2, Cleanup: stream.CleanupCompact})
	const commits = 400
	var work sync.WaitGroup
	defer work.Wait()
	for i := range int32(2) {
		tp := stream.TopicPartition{Topic: "c", Partition: i}
		work.Go(func() {
			for n := range commits {
				l.put(tp, keyed(n, 200, strconv.Itoa(n%7))...)
			}
		})
		work.Go(func() {
			c := l.consumer(tp, 0, 0)
			defer c.Close()
			for at := int64(0); at < commits; {
				chunks, err := c.Poll()
				if err != nil {
					t.Error(err)
					return
				}
				if len(chunks) == 0 {
					<-c.Ready()
					continue
				}
				for _, r := range chunks[0].Records {
					if r.Offset < at || string(r.Key) != strconv.FormatInt(r.Offset%7, 10) {
						t.Errorf("offset %d at %d, key %s", r.Offset, at, r.Key)
					}
				}
				at = chunks[0].Next
				c.Release(tp)
			}
		})
	}
	work.Wait()
	l.clean()
	for i := range int32(2) {
		if got := l.all(stream.TopicPartition{Topic: "c", Partition: i}); len(got) > commits/4 || len(got) < 7 {
			t.Errorf("%d records are left", len(got))
		}
	}
}

func TestCompaction_OvertakenByDeletion(t *testing.T) {
	l, _ := compactLog(t)
	for i := range 4 {
		l.put(part("c"), keyed(i, 900, "a")...)
	}
	p := l.topics["c"].partitions[0]
	c := p.plan()
	l.must(l.Admin().DeleteRecords(context.Background(), stream.Position{TopicPartition: part("c"), Offset: 2}))
	if err := c.finish(context.Background()); !errors.Is(err, errOvertaken) {
		t.Fatal(err)
	}
	if n := l.files("c"); n != 2 {
		t.Errorf("%d files are left", n)
	}
	if got := offsetsOf(l.all(part("c"))); !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("%v", got)
	}
}

func TestClean_Retention(t *testing.T) {
	now := time.UnixMilli(1398926301271)
	opts := Options{SegmentBytes: 1000, Retention: time.Hour, Now: func() time.Time { return now }}
	dir := t.TempDir()
	l := openIdle(t, dir, opts)
	for name, keep := range map[string]time.Duration{"default": 0, "forever": -1, "day": 24 * time.Hour} {
		l.create(stream.TopicConfig{Name: name, Partitions: 1, Retention: keep})
		for i := range 3 {
			l.put(part(name), keyed(i, 900, "a")...)
		}
	}
	now = now.Add(2 * time.Hour)
	for _, name := range []string{"default", "forever", "day"} {
		l.put(part(name), keyed(3, 900, "a")...)
		l.put(part(name), keyed(4, 900, "a")...)
	}
	l.clean()
	check := func() {
		t.Helper()
		for name, start := range map[string]int64{"default": 3, "forever": 0, "day": 0} {
			if got := l.all(part(name)); len(got) == 0 || got[0].Offset != start {
				t.Errorf("%s starts at %v, want %d", name, offsetsOf(got), start)
			}
			if n := l.files(name); n != 5-int(start) {
				t.Errorf("%s has %d files", name, n)
			}
		}
	}
	check()
	l.must(l.Close())
	l = openIdle(t, dir, opts)
	check()
}

// Deleting each record after it is read doesn't create a file for each deletion.
func TestDeleteRecords_SmallPieces(t *testing.T) {
	l := openLog(t, t.TempDir(), manual(Options{SegmentBytes: 100 << 10}))
	l.create(stream.TopicConfig{Name: "d", Partitions: 1})
	for i := range 300 {
		l.put(part("d"), keyed(i, 900, "a")...)
		l.must(l.Admin().DeleteRecords(context.Background(), stream.Position{TopicPartition: part("d"), Offset: int64(i + 1)}))
	}
	if segs := l.topics["d"].partitions[0].segments; len(segs) != 1 && len(segs) != 0 {
		t.Errorf("%d segments", len(segs))
	}
	var size int64
	l.must(l.sync())
	l.must(filepath.Walk(l.topicDir("d"), func(_ string, info os.FileInfo, err error) error {
		size += info.Size()
		return err
	}))
	if size > 30<<10 {
		t.Errorf("%d bytes remain of deleted records", size)
	}
}

func TestKeyTable_KeepsLastOffset(t *testing.T) {
	k := newKeyTable()
	for i := range int64(100_000) {
		k.put(strconv.AppendInt(nil, i%30_000, 10), i)
	}
	for i := range int64(30_000) {
		want := i + 90_000
		if i >= 10_000 {
			want = i + 60_000
		}
		if got := k.last(strconv.AppendInt(nil, i, 10)); got != want {
			t.Fatalf("key %d: %d, want %d", i, got, want)
		}
	}
	if k.last([]byte("nothing")) != -1 || k.used != 30_000 || k.full() {
		t.Errorf("%d used", k.used)
	}
}
