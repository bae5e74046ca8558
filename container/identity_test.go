package container_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A renamed log has other ids for topics; for "", none. It stands for topics that were
// deleted and created again with the same records.
type renamed struct {
	stream.System
	ids map[string]string
}

type renamedAdmin struct {
	stream.Admin
	ids map[string]string
}

func (r renamed) Admin() stream.Admin { return renamedAdmin{r.System.Admin(), r.ids} }

func (a renamedAdmin) TopicIDs(ctx context.Context, topics ...string) (map[string]string, error) {
	ids, err := a.Admin.TopicIDs(ctx, topics...)
	for topic, id := range a.ids {
		delete(ids, topic)
		if id != "" {
			ids[topic] = id
		}
	}
	return ids, err
}

// length is how many records there are in all changelogs and outputs.
func (m *mortal) length() (n int) {
	for _, topic := range []string{"app-counts-changelog", "app-odd-changelog", "out"} {
		for p := range int32(2) {
			n += len(recordsOf(m.t, m.log.System, stream.TopicPartition{Topic: topic, Partition: p}))
		}
	}
	return n
}

// refuses opens the container twice, which changes nothing, neither in topics nor on
// the disk.
func (m *mortal) refuses(words ...string) {
	m.t.Helper()
	length, dbs := m.length(), maps.Clone(m.disk.dbs)
	for range 2 {
		c, err := container.Open(context.Background(), m.cfg)
		if err == nil {
			must(m.t, c.Close())
			m.t.Fatal("it isn't refused")
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				m.t.Errorf("%q isn't in the message: %v", w, err)
			}
		}
	}
	if now := m.length(); now != length {
		m.t.Errorf("there were %d records, and are %d", length, now)
	}
	for dir, db := range dbs {
		if m.disk.dbs[dir].Database != db.Database {
			m.t.Errorf("the database in %s is gone, or another one", dir)
		}
	}
}

func TestIdentity_RecreatedChangelogIsRefused(t *testing.T) {
	const was, gone = "changelog app-odd-changelog/0: the topic was deleted and created again (its id was ", "everything that was committed to it before is gone. The state was not touched; give the operator a new name"
	for _, atLeastOnce := range []bool{false, true} {
		m := newMortal(t, 1, atLeastOnce)
		m.sendTo(0, "a", "b", "a")
		m.finish()
		former := m.copyOfOdd()
		m.sendTo(0, "b", "b", "c")
		m.finish()
		m.open()
		m.kill() // with the databases
		whole := m.copyOfOdd()
		history := []string{was, "isn't the history of the state in tally/0. Nothing was changed; delete that directory, to go on with what the changelog has now, or give the operator a new name"}
		dbs := maps.Clone(m.disk.dbs)
		for _, test := range []struct {
			name    string
			copied  [2][]stream.Record
			with    []string // what is said with the databases
			without []string // and without them; nil: it goes on
		}{
			{"empty", [2][]stream.Record{}, []string{"app-odd-changelog/0 has nothing of what was committed to it"}, []string{"app-odd-changelog/0", "give the operator a new name"}},
			{"as it was before", former, history, []string{was, gone}},
			{"as it was before, and long", [2][]stream.Record{slices.Concat(former[0], former[0], former[0], former[0]), former[1]}, history, []string{was, gone}},
			{"whole", whole, history, nil},
		} {
			m.log.System.Recreate("app-odd-changelog")
			for p, records := range test.copied {
				put(t, m.log.System, stream.TopicPartition{Topic: "app-odd-changelog", Partition: int32(p)}, records...)
			}
			m.disk.dbs = maps.Clone(dbs)
			m.refuses(test.with...)
			if clear(m.disk.dbs); test.without != nil {
				m.refuses(test.without...)
				continue
			}
			m.sendTo(0, "a")
			m.finish()
		}
	}
}

// copyOfOdd is what the changelog of one of the stores has, by partition.
func (m *mortal) copyOfOdd() (all [2][]stream.Record) {
	for p := range all {
		all[p] = recordsOf(m.t, m.log.System, stream.TopicPartition{Topic: "app-odd-changelog", Partition: int32(p)})
	}
	return all
}

// What the job hears from nobody it doesn't take for another topic, and what it
// hears of for the first time it learns.
func TestIdentity_FirstCommitAddsTopicIDs(t *testing.T) {
	m := newMortal(t, 1, false)
	run := func(ids map[string]string) {
		m.cfg.System = renamed{m.log, ids}
		m.sendTo(0, "a", "b")
		m.open()
		m.kill()
	}
	none := map[string]string{"in": "", "app-counts-changelog": "", "app-odd-changelog": ""}
	run(none)
	run(nil)
	run(none) // by a broker that doesn't say
	run(map[string]string{"app-counts-changelog": "new"})
	m.cfg.System = renamed{m.log, map[string]string{"app-counts-changelog": "newer"}}
	m.refuses("changelog app-counts-changelog/0", "its id was new, and is newer")
	m.cfg.System = renamed{m.log, map[string]string{"app-counts-changelog": "new"}}
	m.finish()
}

// A copy of everything in another cluster goes by itself, but for its inputs.
func TestIdentity_CopiedChangelogIsAccepted(t *testing.T) {
	c := newCopying(t, memory.New())
	c.fill(10, 20)
	c.reopen()
	c.wantOut(10, 20)
	c.cfg.System = elsewhere{renamed{c.sys, map[string]string{"in": "other in", "meta": "other meta"}}}
	if err := c.open(); err == nil || !strings.Contains(err.Error(), "in/0: the topic was deleted and created again") {
		t.Errorf("the error is %v", err)
	}
	c.input().OutOfRange = scheduler.OutOfRangeNewest
	c.reopen()
	c.reopen()
	c.fill(30)
	c.wantOut(10, 20, 30)
}

// A restore there that was interrupted is gone on with.
func TestIdentity_CopiedChangelogIsRestored(t *testing.T) {
	m := newMortal(t, 1, false)
	m.sendTo(0, "a", "b", "a")
	m.sendTo(1, "c")
	m.finish()
	m.cfg.System = elsewhere{renamed{m.log, map[string]string{"app-counts-changelog": "other counts", "app-odd-changelog": "other odd"}}}
	m.cfg.Engine = &brittle{m.disk, 2} // of each task what is restored, but not the first commit
	if m.open(); m.running != nil {
		t.Fatal("it wasn't interrupted")
	}
	m.cfg.Engine = m.disk
	m.sendTo(0, "a")
	m.finish()
}

type elsewhere struct{ stream.System }

func (elsewhere) ID() string { return "elsewhere" }

func TestIdentity_RecreatedInput(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy scheduler.OutOfRange
		bound  int64 // -1: none
		want   []int64
	}{
		{"fail", scheduler.OutOfRangeFail, -1, nil},
		{"oldest", scheduler.OutOfRangeOldest, -1, []int64{10, 20, 10, 20, 30, 40, 50}},
		{"newest", scheduler.OutOfRangeNewest, -1, []int64{10, 20, 40, 50}},
		{"newest of a bounded run", scheduler.OutOfRangeNewest, 2, []int64{10, 20, 30, 40, 50}},
	} {
		for _, atLeastOnce := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) { inputMadeAnew(t, test.policy, test.bound, test.want, atLeastOnce) })
		}
	}
}

func inputMadeAnew(t *testing.T, policy scheduler.OutOfRange, bound int64, want []int64, atLeastOnce bool) {
	c := newCopying(t, memory.New())
	c.cfg.AtLeastOnce = atLeastOnce
	c.input().OutOfRange = policy
	c.fill(10, 20)
	c.reopen()
	c.wantOut(10, 20)
	c.fill(30)
	c.setOffset(1) // in the new one it may be anywhere
	c.cfg.System = renamed{c.sys, map[string]string{"in": "new"}}
	if bound >= 0 {
		c.cfg.Run, c.cfg.Bounds = 1, map[stream.TopicPartition]int64{inPartition: bound}
	}
	err := c.open()
	if want == nil {
		const first, second = "in/0: the topic was deleted and created again (its id was ", ", and is new), and offset 2 means nothing in it; OnOutOfRange of the input"
		if err == nil || !strings.Contains(err.Error(), first) || !strings.Contains(err.Error(), second) {
			t.Errorf("the error is %v", err)
		}
		return
	}
	must(t, err)
	if said := c.said.String(); strings.Count(said, "and is new): going on elsewhere") != 1 || strings.Count(said, "going on elsewhere") != 1 {
		t.Errorf("said:\n%s", said)
	}
	c.fill(40)
	c.reopen() // where it goes on is committed, before anything is read
	must(t, c.settle())
	c.cfg.Run, c.cfg.Bounds = 0, nil
	c.reopen()
	c.fill(50)
	c.wantOut(want...)
	if n := strings.Count(c.said.String(), "going on elsewhere"); n != 1 {
		t.Errorf("it went on elsewhere %d times", n)
	}
}

// Nobody but the job itself makes its own traffic, so nothing can be there instead.
func TestIdentity_RecreatedRepartitionIsRefused(t *testing.T) {
	m := tallied(t)
	m.cfg.System = renamed{m.log, map[string]string{"in": "new"}}
	m.cfg.Stage.Inputs[0].OutOfRange = scheduler.OutOfRangeOldest
	m.refuses("in/0: the topic was deleted and created again", "it carries the job's own traffic, and the records on their way are gone; start over under another app name")
}
