package container_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/stream"
)

var countsLog = stream.TopicPartition{Topic: "app-counts-changelog"}

// table is what a changelog describes, without the meta record.
func table(records []stream.Record) map[string]string {
	all := make(map[string]string)
	for _, r := range records {
		delete(all, string(r.Key))
		if r.Value != nil && !strings.HasPrefix(string(r.Key), "\x00") {
			all[string(r.Key)] = string(r.Value)
		}
	}
	return all
}

// tallied is a container that has processed a few records, and stopped. Its disk is
// empty.
func tallied(t *testing.T) *mortal {
	m := newMortal(t, 1, true)
	m.sendTo(0, "a", "b", "a")
	m.sendTo(1, "c")
	m.finish()
	return m
}

// What comes behind the last meta record is of no commit: it doesn't become state,
// and is undone in the changelog too, however much it is.
func TestRestore_UndoesRecordsBehindLastCommit(t *testing.T) {
	for _, n := range []int{1, 1000, 10_000} {
		for _, keep := range []bool{false, true} {
			m := tallied(t)
			if keep {
				m.open()
				m.kill() // with the database as it is
			}
			before := table(recordsOf(t, m.log, countsLog))
			records := []stream.Record{{Key: []byte("a"), Value: []byte("12345678")}, {Key: []byte("b")}}
			for i := range n {
				records = append(records, stream.Record{Key: fmt.Appendf(nil, "new %d", i), Value: []byte("12345678")})
			}
			put(t, m.log, countsLog, records...)
			m.open() // which looks at the state
			if after := table(recordsOf(t, m.log, countsLog)); !maps.Equal(before, after) {
				t.Fatalf("%d records: the changelog says %d keys, and has said %d", n, len(after), len(before))
			}
			m.sendTo(0, "a", "d")
			m.finish()
		}
	}
}

// Whatever a topic of that name holds, it isn't taken for state, and not changed.
func TestRestore_RefusesChangelogOfAnotherJob(t *testing.T) {
	m := newMortal(t, 1, true)
	put(t, m.log, countsLog, stream.Record{Key: []byte("a"), Value: []byte("12345678")})
	_, err := container.Open(context.Background(), m.cfg)
	if err == nil || !strings.Contains(err.Error(), "app-counts-changelog/0 has records, but no meta record") {
		t.Errorf("the error is %v", err)
	}
	if n := len(recordsOf(t, m.log, countsLog)); n != 1 {
		t.Errorf("there are %d records then", n)
	}
}

// A forgettingLog drops what a compaction would from the beginning of a changelog
// when it has been asked where that begins.
type forgettingLog struct {
	*looseLog
	t     *testing.T
	times int
}

type forgettingAdmin struct {
	stream.Admin
	log *forgettingLog
}

func (l *forgettingLog) Admin() stream.Admin { return forgettingAdmin{l.looseLog.Admin(), l} }

func (a forgettingAdmin) Starts(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	starts, err := a.Admin.Starts(ctx, tps...)
	if slices.Contains(tps, countsLog) && a.log.times > 0 {
		a.log.times--
		records := recordsOf(a.log.t, a.log.System, countsLog)
		var first int64 // that no later one supersedes
		last := make(map[string]int64)
		for _, r := range records {
			last[string(r.Key)] = r.Offset
		}
		for _, r := range records {
			if last[string(r.Key)] == r.Offset {
				first = r.Offset
				break
			}
		}
		must(a.log.t, a.DeleteRecords(ctx, stream.Position{TopicPartition: countsLog, Offset: first}))
	}
	return starts, err
}

func TestRestore_ChangelogLosesItsStart(t *testing.T) {
	m := tallied(t)
	m.sendTo(0, "a", "b") // all keys are written again
	m.finish()
	log := &forgettingLog{m.log, t, 1}
	m.cfg.System = log
	m.open()
	starts, err := m.log.Admin().Starts(context.Background(), countsLog)
	must(t, err)
	if log.times != 0 || starts[0] == 0 {
		t.Fatalf("the changelog begins at %d, to be trimmed %d times more", starts[0], log.times)
	}
	m.sendTo(0, "a")
	m.finish()
}

// A database that lacks what a changelog has no more is restored in full.
func TestRestore_ChangelogLosesMissingTail(t *testing.T) {
	m := tallied(t)
	m.open()
	m.kill()
	old := maps.Clone(m.disk.dbs)
	clear(m.disk.dbs)
	for range 3 {
		m.sendTo(0, "a", "b")
		m.finish()
	}
	m.disk.dbs = old
	log := &forgettingLog{m.log, t, 1}
	_, err := log.Admin().Starts(context.Background(), countsLog)
	must(t, err)
	m.open()
	m.sendTo(0, "a")
	m.finish()
}

// A log that never says where a changelog begins isn't asked for ever.
type lyingLog struct{ *looseLog }

type lyingAdmin struct{ stream.Admin }

func (l lyingLog) Admin() stream.Admin { return lyingAdmin{l.looseLog.Admin()} }

func (a lyingAdmin) Starts(_ context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	return make([]int64, len(tps)), nil
}

func TestRestore_FailsAfterAttempts(t *testing.T) {
	m := tallied(t)
	must(t, m.log.Admin().DeleteRecords(context.Background(), stream.Position{TopicPartition: countsLog, Offset: 1}))
	m.cfg.System = lyingLog{m.log}
	if _, err := container.Open(context.Background(), m.cfg); err == nil || !strings.Contains(err.Error(), "restoring state: app-counts-changelog/0: offset 0 is out of range") {
		t.Errorf("the error is %v", err)
	}
}

// A store that a job gets later begins empty, and is as safe from then on as the
// others, wherever the first commit with it is interrupted.
func TestRestore_StoreAddedLater(t *testing.T) {
	for seed := range uint64(80) {
		m := newMortal(t, seed, true)
		both := m.cfg.Stage.Stores
		m.cfg.Stage.Stores, m.single = both[:1], true
		m.sendTo(0, "a", "b", "a")
		m.finish()
		if seed%4 < 2 {
			m.open()
			m.kill() // with the database as it is
		}
		m.cfg.Stage.Stores, m.single, m.oddFrom = both, false, map[int32]int{0: 3}
		m.sendTo(0, "b", "a", "c")
		for range 30 {
			m.log.crash = 0.15
			m.act()
		}
		m.finish()
	}
}
