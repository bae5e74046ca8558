package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gretestream/grete/stream"
)

func TestOpen_LockedByAnother(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	_, err := Open(dir, Options{})
	if !errors.Is(err, stream.ErrLocked) || !strings.Contains(err.Error(), "pid "+strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("second Open: %v", err)
	}
	l.must(l.Close())
	l = openLog(t, dir, Options{})
	l.must(l.Close())
}

func TestID_KeptByReopen(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	id := l.ID()
	l.must(l.Close())
	l = openLog(t, dir, Options{})
	if l.ID() != id || id == "" {
		t.Errorf("the id is %q after reopening, want %q", l.ID(), id)
	}
	l.must(l.Close())
	l.must(os.RemoveAll(dir))
	if l = openLog(t, dir, Options{}); l.ID() == id {
		t.Error("a new log has the id of the old one")
	}
	l.must(l.Close())
}

func TestOpen_DirectoryBelowFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(name, "log"), Options{}); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("a log below a file: %v", err)
	}
}

// damaged creates a log with data in two partitions, closes it, damages it and
// reopens it.
func damaged(t *testing.T, damage func(dir string)) (*System, error) {
	dir := t.TempDir()
	l := openLog(t, dir, manual(Options{SegmentBytes: 2000}))
	l.create(stream.TopicConfig{Name: "t", Partitions: 2})
	for i := range 5 {
		l.put(part("t"), keyed(i, 900, "a")...)
		l.put(stream.TopicPartition{Topic: "t", Partition: 1}, keyed(i, 900, "b")...)
	}
	l.must(l.Close())
	damage(dir)
	s, err := Open(dir, Options{})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func edited(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, change(data), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpen_DetectsDamage(t *testing.T) {
	segment := filepath.Join("topics", "t", segmentName(0, 0, 0))
	for name, c := range map[string]struct {
		damage func(dir string)
		target error
		says   []string
	}{
		"missing segment": {func(dir string) { _ = os.Remove(filepath.Join(dir, segment)) }, stream.ErrCorrupt, []string{segment, "t/0"}},
		"short segment": {func(dir string) {
			edited(t, filepath.Join(dir, segment), func(b []byte) []byte { return b[:len(b)-1] })
		}, stream.ErrCorrupt, []string{segment, "t/0"}},
		"missing commits":  {func(dir string) { _ = os.Remove(filepath.Join(dir, "commits")) }, stream.ErrCorrupt, []string{"commits"}},
		"missing log.json": {func(dir string) { _ = os.Remove(filepath.Join(dir, "log.json")) }, stream.ErrCorrupt, []string{"log.json"}},
		"missing topic":    {func(dir string) { _ = os.RemoveAll(filepath.Join(dir, "topics", "t")) }, stream.ErrCorrupt, []string{"commits", "t/0"}},
		"damaged topic": {func(dir string) {
			edited(t, filepath.Join(dir, "topics", "t", "topic.json"), func(b []byte) []byte { return b[:10] })
		}, stream.ErrCorrupt, []string{"topic.json"}},
		"bad commit in the middle": {func(dir string) {
			edited(t, filepath.Join(dir, "commits"), func(b []byte) []byte { b[100] ^= 1; return b })
		}, stream.ErrCorrupt, []string{"commits", "byte"}},
		"bad first commit": {func(dir string) {
			edited(t, filepath.Join(dir, "commits"), func(b []byte) []byte { b[20] ^= 1; return b })
		}, stream.ErrCorrupt, []string{"commits"}},
		"newer": {func(dir string) {
			edited(t, filepath.Join(dir, "log.json"), func(b []byte) []byte {
				return []byte(strings.Replace(string(b), `"format": 1`, `"format": 2`, 1))
			})
		}, nil, []string{"log.json", "format 2", "newer program"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := damaged(t, c.damage)
			if err == nil || c.target != nil && !errors.Is(err, c.target) {
				t.Fatalf("%v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't mention %q", err, s)
				}
			}
		})
	}
}

func TestPoll_DetectsDamagedRecord(t *testing.T) {
	segment := filepath.Join("topics", "t", segmentName(0, 2, 0))
	s, err := damaged(t, func(dir string) {
		edited(t, filepath.Join(dir, segment), func(b []byte) []byte { b[300] ^= 1; return b })
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &log{s, t}
	c := l.consumer(part("t"), 0, 0)
	defer c.Close()
	chunks, err := c.Poll() // the first segment isn't damaged
	if err != nil || !slices.Equal(offsetsOf(chunks[0].Records), []int64{0, 1}) {
		t.Fatalf("%v, %v", chunks, err)
	}
	c.Release(part("t"))
	for range 2 { // the error is permanent
		_, err = c.Poll()
		if !errors.Is(err, stream.ErrCorrupt) || !strings.Contains(err.Error(), segment) || !strings.Contains(err.Error(), "t/0 at offset 2") {
			t.Fatalf("%v", err)
		}
	}
	l.must(c.Assign(part("t"), 4)) // later records are readable
	if got := offsetsOf(l.drain(c)); !slices.Equal(got, []int64{4}) {
		t.Errorf("%v", got)
	}
}

// The checksum of a batch doesn't cover its offset.
func TestPoll_DetectsDamagedOffset(t *testing.T) {
	for _, bit := range []byte{1, 2, 4, 128} {
		s, err := damaged(t, func(dir string) {
			edited(t, filepath.Join(dir, "topics", "t", segmentName(0, 2, 0)), func(b []byte) []byte { b[7] ^= bit; return b })
		})
		if err != nil {
			t.Fatal(err)
		}
		l := &log{s, t}
		c := l.consumer(part("t"), 2, 0)
		if _, err := c.Poll(); !errors.Is(err, stream.ErrCorrupt) {
			t.Errorf("%d: %v", bit, err)
		}
		l.must(c.Close())
	}
}

func TestOpen_RemovesUncommittedData(t *testing.T) {
	foreign := filepath.Join("topics", "t", "notes.txt")
	s, err := damaged(t, func(dir string) {
		edited(t, filepath.Join(dir, "commits"), func(b []byte) []byte { return append(b, 0, 0, 0, 99, 1, 2) })
		edited(t, filepath.Join(dir, "topics", "t", segmentName(0, 4, 0)), func(b []byte) []byte { return append(b, "uncommitted"...) })
		for _, name := range []string{foreign, filepath.Join("topics", "t", segmentName(0, 7, 3)), "commits.tmp"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &log{s, t}
	if got := offsetsOf(l.all(part("t"))); len(got) != 5 {
		t.Errorf("%v", got)
	}
	if _, err := os.Stat(filepath.Join(s.dir, foreign)); err != nil {
		t.Errorf("a foreign file was removed: %v", err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "topics", "t", segmentName(0, 7, 3))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an uncommitted segment is still there: %v", err)
	}
}

// failingFS fails on demand.
type failingFS struct {
	unsyncedFS
	room     int    // number of bytes that can still be written to files with name in their names
	name     string // "": all writes succeed
	sync     error
	truncate error
}

func (f *failingFS) OpenFile(name string, flag int) (file, error) {
	under, err := f.unsyncedFS.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return &failingFile{under, f, name}, nil
}

type failingFile struct {
	file
	fs   *failingFS
	name string
}

func (f *failingFile) WriteAt(p []byte, pos int64) (int, error) {
	if f.fs.name == "" || !strings.Contains(f.name, f.fs.name) {
		return f.file.WriteAt(p, pos)
	}
	if len(p) <= f.fs.room {
		f.fs.room -= len(p)
		return f.file.WriteAt(p, pos)
	}
	n, err := f.file.WriteAt(p[:f.fs.room], pos)
	if err == nil {
		err = &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	}
	f.fs.room = 0
	return n, err
}

func (f *failingFile) Sync() error { return f.fs.sync }

func (f *failingFile) Truncate(size int64) error {
	if f.fs.truncate != nil {
		return f.fs.truncate
	}
	return f.file.Truncate(size)
}

// A commit fails while the disk is full, and changes nothing. Later commits succeed.
func TestCommit_DiskFull(t *testing.T) {
	for _, name := range []string{"topics", "0-0", "1-0", "commits"} {
		for _, room := range []int{0, 1, 30, 70, 1500} {
			for _, truncate := range []error{nil, syscall.EIO} {
				diskFull(t, &failingFS{truncate: truncate}, name, room)
			}
		}
	}
}

func diskFull(t *testing.T, ffs *failingFS, name string, room int) {
	t.Helper()
	dir, ctx := t.TempDir(), context.Background()
	opts := manual(Options{SegmentBytes: 2500, fs: ffs})
	l := openLog(t, dir, opts)
	l.create(stream.TopicConfig{Name: "t", Partitions: 2})
	p, err := l.OpenProducer(ctx, stream.ProducerConfig{})
	l.must(err)
	w, err := p.Writer("t")
	l.must(err)
	good := 0
	commit := func() error {
		for i := range int32(2) {
			l.must(w.Send(i, &keyed(good, 900, "k")[0]))
		}
		_, err := p.Commit(ctx, stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: part("t"), Offset: int64(good + 1)}}})
		if err == nil {
			good++
			return nil
		}
		return errors.Join(err, p.Abort(ctx))
	}
	check := func() {
		t.Helper()
		at, err := l.Admin().Committed(ctx, "g", part("t"))
		l.must(err)
		for i := range int32(2) {
			if got := l.all(stream.TopicPartition{Topic: "t", Partition: i}); len(got) != good || at[0] != int64(good) {
				t.Fatalf("%s with room for %d: partition %d has %d records, the group is at %d, want %d", name, room, i, len(got), at[0], good)
			}
		}
	}
	for range 3 {
		l.must(commit())
		ffs.name, ffs.room = name, room
		for {
			err := commit()
			if err == nil {
				continue // there was still room
			}
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) {
				t.Fatalf("full: %v", err)
			}
			break
		}
		check()
		ffs.name = ""
		l.must(commit())
		check()
	}
	ffs.truncate = nil
	l.must(p.Close())
	l.must(l.Close())
	l = openLog(t, dir, opts)
	check()
	l.must(l.Close())
}

// After a failed fsync the contents of the disk are unknown.
func TestCommit_FailsAfterFailedSync(t *testing.T) {
	for _, policy := range []SyncPolicy{SyncInterval, SyncCommit} {
		ffs := new(failingFS)
		l := openLog(t, t.TempDir(), manual(Options{Sync: policy, fs: ffs}))
		l.create(stream.TopicConfig{Name: "t", Partitions: 1})
		l.put(part("t"), keyed(0, 0, "a")...)
		ffs.sync = syscall.EIO
		p, err := l.OpenProducer(context.Background(), stream.ProducerConfig{})
		l.must(err)
		w, err := p.Writer("t")
		l.must(err)
		l.must(w.Send(0, &keyed(1, 0, "b")[0]))
		if policy == SyncInterval {
			if err := l.sync(); !errors.Is(err, syscall.EIO) {
				t.Fatalf("sync: %v", err)
			}
		}
		for range 2 {
			if _, err := p.Commit(context.Background(), stream.GroupOffsets{}); !errors.Is(err, syscall.EIO) {
				t.Fatalf("Commit: %v", err)
			}
			ffs.sync = nil
		}
		if got := l.all(part("t")); len(got) != 1 {
			t.Errorf("%d records", len(got))
		}
		if err := l.Close(); !errors.Is(err, syscall.EIO) {
			t.Errorf("Close: %v", err)
		}
	}
}

func FuzzCommits(f *testing.F) {
	l := new(commitLog)
	tp := part("topic")
	one := slices.Clone(l.record(1, []edit{{kind: editSynced, seq: 1}}))
	two := l.record(2, []edit{
		{kind: editGrow, tp: tp, segments: []extent{{base: 1, gen: 2, size: 3, end: 4, maxTime: -5}}},
		{kind: editBounds, tp: tp, start: 1, end: 2, drop: -1},
		{kind: editCompact, tp: tp, drop: 7, segments: []extent{{end: 1}, {base: 5, end: 9}}},
		{kind: editOffset, tp: tp, group: "g", offset: 9},
	})
	f.Add(slices.Concat([]byte(commitsMagic), one, two))
	f.Add(two[frameSize+sequenceSize:])
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "commits")
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readCommits(name); err != nil && !errors.Is(err, stream.ErrCorrupt) {
			t.Fatal(err)
		}
		edits, err := parseEdits(data)
		if err != nil {
			return
		}
		var again []byte
		for i := range edits {
			again = edits[i].append(again)
		}
		if parsed, err := parseEdits(again); err != nil || len(parsed) != len(edits) {
			t.Fatalf("encoded and decoded again, %v is %v, %v", edits, parsed, err)
		}
	})
}
