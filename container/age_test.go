package container_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// A compacted log shows of changelogs what a cleaner has left of them that is never
// late: the last record of each key, and deletions for as long as they are kept.
type compacted struct {
	*mortal
	stream.System
	kept time.Duration // 0: for ever
	said bytes.Buffer
}

type compactedAdmin struct {
	stream.Admin
	log *compacted
}

type compactedConsumer struct {
	stream.Consumer
	log *compacted
}

// newCompacted is a job whose changelogs are compacted. The log's time is the
// container's.
func newCompacted(t *testing.T, kept time.Duration, atLeastOnce bool) *compacted {
	m := newMortal(t, 1, atLeastOnce)
	m.now = time.Unix(1_000_000, 0)
	m.log.Now = func() time.Time { return m.now }
	l := &compacted{mortal: m, System: m.log, kept: kept}
	m.cfg.System, m.cfg.Logger = l, slog.New(slog.NewTextHandler(&l.said, nil))
	return l
}

func (l *compacted) Admin() stream.Admin { return compactedAdmin{l.System.Admin(), l} }

func (a compactedAdmin) Describe(ctx context.Context, topics ...string) (map[string]stream.TopicConfig, error) {
	all, err := a.Admin.Describe(ctx, topics...)
	for name, cfg := range all {
		cfg.TombstoneRetention = a.log.kept
		all[name] = cfg
	}
	return all, err
}

func (l *compacted) OpenConsumer(ctx context.Context, cfg stream.ConsumerConfig) (stream.Consumer, error) {
	c, err := l.System.OpenConsumer(ctx, cfg)
	return compactedConsumer{c, l}, err
}

func (c compactedConsumer) Poll() ([]stream.Chunk, error) {
	chunks, err := c.Consumer.Poll()
	for i := range chunks {
		if tp := chunks[i].TopicPartition; strings.HasSuffix(tp.Topic, "-changelog") {
			chunks[i].Records = c.log.left(tp, chunks[i].Records)
		}
	}
	return chunks, err
}

func (l *compacted) left(tp stream.TopicPartition, records []stream.Record) []stream.Record {
	last := make(map[string]int64)
	for _, r := range recordsOf(l.t, l.log.System, tp) {
		last[string(r.Key)] = r.Offset
	}
	forgotten := l.now.Add(-l.kept).UnixMilli()
	return slices.DeleteFunc(slices.Clone(records), func(r stream.Record) bool {
		return last[string(r.Key)] != r.Offset || l.kept > 0 && r.Value == nil && r.Time < forgotten
	})
}

// work processes what is there, and kills the container.
func (l *compacted) work() {
	l.t.Helper()
	if l.running == nil {
		l.open()
	}
	for quiet := 0; quiet < 3; quiet++ {
		l.now = l.now.Add(time.Second)
		w, err := l.running.Step(context.Background())
		must(l.t, err)
		if w.Until.IsZero() || w.Uncommitted {
			quiet = 0
		}
	}
}

// wantDiscarded opens the container, which looks at the state. It restores that of
// one task from the changelogs, or of none.
func (l *compacted) wantDiscarded(want bool) {
	l.t.Helper()
	l.said.Reset()
	l.open()
	if n := strings.Count(l.said.String(), "local state is discarded"); (n == 1) != want || n > 1 {
		l.t.Errorf("discarded were %d; said:\n%s", n, &l.said)
	}
	if want && !strings.Contains(l.said.String(), "forgets deletions after "+l.kept.String()) {
		l.t.Errorf("said:\n%s", &l.said)
	}
}

// Entries that were deleted while a database was elsewhere don't come back with it.
func TestRestore_DiscardsOldDatabase(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name      string
		kept      time.Duration // deletions, by the changelog
		away      time.Duration // the database
		behind    bool          // the changelog has gone on meanwhile
		discarded bool
	}{
		{"a moment", day, time.Minute, true, false},
		{"not long", day, 21 * time.Hour, true, false},
		{"almost a day", day, 22 * time.Hour, true, true},
		{"years", day, 1000 * day, true, true},
		{"years, without having missed anything", day, 1000 * day, false, false},
		{"years, and nothing is forgotten", 0, 1000 * day, true, false},
		{"a moment, and all is forgotten at once", 1, time.Minute, true, true},
		{"into the past", day, -2 * day, true, true},
	} {
		for _, atLeastOnce := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				l := newCompacted(t, test.kept, atLeastOnce)
				l.sendTo(0, "a", "b", "c", "d")
				l.sendTo(1, "a")
				l.work()
				l.kill()
				if test.behind {
					old := maps.Clone(l.disk.dbs)
					clear(l.disk.dbs)
					l.cfg.Tasks = []int32{0}
					l.sendTo(0, "a", "b", "d", "d") // deletes those that have come twice
					l.work()
					l.kill()
					l.disk.dbs, l.cfg.Tasks = old, []int32{0, 1}
				}
				l.now = l.now.Add(test.away)
				l.wantDiscarded(test.discarded)
				l.sendTo(0, "c", "a")
				l.finish()
			})
		}
	}
}

// A brittle disk takes so many writes, and then the container is killed.
type brittle struct {
	*disk
	writes int
}

type brittleDatabase struct {
	kv.Database
	disk *brittle
}

func (b *brittle) Open(dir string, stores []string) (kv.Database, error) {
	db, err := b.disk.Open(dir, stores)
	return brittleDatabase{db, b}, err
}

func (d brittleDatabase) Write(b *kv.Batch) error {
	if d.disk.writes--; d.disk.writes < 0 {
		return errCrash
	}
	return d.Database.Write(b)
}

// A restore may be interrupted, and gone on with later. What it had read by then is
// as old as when it was begun, and so is what it was begun with.
func TestRestore_ContinuedTooLateStartsOver(t *testing.T) {
	for _, x := range []struct {
		name      string
		empty     bool // the disk, before
		waits     [2]time.Duration
		discarded bool
	}{
		{"soon", false, [2]time.Duration{10 * time.Hour, 10 * time.Hour}, false},
		{"late", false, [2]time.Duration{12 * time.Hour, 12 * time.Hour}, true},
		{"from the beginning, soon", true, [2]time.Duration{30 * time.Hour, 20 * time.Hour}, false},
		{"from the beginning, late", true, [2]time.Duration{0, 24 * time.Hour}, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := newCompacted(t, 24*time.Hour, false)
			l.cfg.Memory, l.cfg.Tasks = 16<<10, []int32{0} // whose restore is written in many pieces
			var keys []string
			for i := range 150 {
				keys = append(keys, fmt.Sprint("key ", i))
			}
			l.sendTo(0, keys...)
			l.work()
			l.kill()
			old := maps.Clone(l.disk.dbs)
			clear(l.disk.dbs)
			l.sendTo(0, keys...)
			l.work()
			l.kill()
			l.disk.dbs = old
			if x.empty {
				clear(l.disk.dbs)
			}
			l.now = l.now.Add(x.waits[0])
			l.cfg.Engine = &brittle{l.disk, 1}
			if l.open(); l.running != nil {
				t.Fatal("it wasn't interrupted")
			}
			l.now = l.now.Add(x.waits[1])
			l.cfg.Engine = l.disk
			l.wantDiscarded(x.discarded)
			l.finish()
		})
	}
}

// A database doesn't age while nothing happens: its container looks after it.
func TestRestore_KeepsDatabaseOfIdleTask(t *testing.T) {
	for _, atLeastOnce := range []bool{false, true} {
		l := newCompacted(t, 24*time.Hour, atLeastOnce)
		if l.work(); !atLeastOnce && len(recordsOf(t, l.log.System, countsLog)) != 1 {
			t.Error("a start is more than one commit")
		}
		l.sendTo(0, "a", "b", "c")
		l.work()
		before := len(recordsOf(t, l.log.System, countsLog))
		for range 30 {
			l.now = l.now.Add(time.Hour)
			l.work()
		}
		if n := len(recordsOf(t, l.log.System, countsLog)) - before; n < 30 || n > 32 {
			t.Errorf("%d commits in thirty hours in which nothing happened", n)
		}
		l.kill()
		old := maps.Clone(l.disk.dbs)
		clear(l.disk.dbs)
		l.sendTo(0, "a", "b")
		l.work()
		l.kill()
		l.disk.dbs = old
		l.wantDiscarded(false)
		l.finish()
	}
}
