package streamtest

import (
	"reflect"
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
	"pgregory.net/rapid"
)

// Storage stores the data of a system.
type Storage struct {
	// Open opens the system. The tests close it before the next Open.
	Open func() (stream.System, error)
	// Crash puts the data into the state in which a kill of the process would leave it
	// now. Later calls of the open system must not affect the data. The tests close the
	// system after Crash.
	Crash func() error
}

// RunPersistent tests that after Close and after a crash a system has all committed
// records and no others. Its offsets must count records. start returns a new, empty
// storage.
func RunPersistent(t *testing.T, start func(t *testing.T) Storage) {
	for _, end := range []struct {
		name  string
		crash bool
	}{{"after Close", false}, {"after a crash", true}} {
		t.Run("ids are the same "+end.name, func(t *testing.T) { sameLog(newDisk(t, start(t)), newDisk(t, start(t)), end.crash) })
		t.Run("commits are kept "+end.name, func(t *testing.T) { kept(newDisk(t, start(t)), end.crash) })
		t.Run("commits are atomic "+end.name, func(t *testing.T) { keptWhole(newDisk(t, start(t)), end.crash) })
		t.Run("random operations equal a model "+end.name, func(t *testing.T) { keptModel(t, start, end.crash) })
	}
}

// disk is a fixture whose system can be reopened.
type disk struct {
	*fixture
	storage Storage
}

func newDisk(t *testing.T, s Storage) *disk {
	sys, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{newFixture(t, sys), s}
	t.Cleanup(func() { d.must(d.sys.Close()) })
	return d
}

func (d *disk) reopen(crash bool) {
	d.Helper()
	if crash {
		d.must(d.storage.Crash())
	}
	d.must(d.sys.Close())
	sys, err := d.storage.Open()
	d.must(err)
	d.sys = sys
}

func sameLog(d, other *disk, crash bool) {
	id, topic := d.sys.ID(), d.topic(1)
	before, err := d.sys.Admin().TopicIDs(d.ctx, topic)
	d.must(err)
	d.reopen(crash)
	if after, err := d.sys.Admin().TopicIDs(d.ctx, topic); err != nil || before[topic] == "" || after[topic] != before[topic] {
		d.Errorf("the topic's id was %v and is %v, %v", before, after, err)
	}
	if d.sys.ID() != id || other.sys.ID() == id {
		d.Errorf("the log's id was %s and is %s; another log has %s", id, d.sys.ID(), other.sys.ID())
	}
}

func kept(d *disk, crash bool) {
	topic, group := d.topic(2), newName()
	table := d.create(stream.TopicConfig{Partitions: 1, Cleanup: stream.CleanupCompact})
	parts := allOf(topic, 2)
	p := d.producer("id")
	want := samples()
	for i := range want {
		p.send(topic, 0, &want[i])
		p.send(topic, 1, value("%d", i))
	}
	_, err := p.Commit(d.ctx, stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: parts[1], Offset: 3}}})
	d.must(err)
	d.must(d.sys.Admin().DeleteRecords(d.ctx, stream.Position{TopicPartition: parts[1], Offset: 2}))
	before := d.read(0, parts[0])
	before.toEnds()
	p.send(topic, 0, value("not committed"))
	d.reopen(crash)
	after := d.read(0, parts[0])
	after.toEnds()
	if !reflect.DeepEqual(after.got, before.got) {
		d.Errorf("the records were %+v and are %+v", before.got, after.got)
	}
	if got := d.committed(group, parts...); !slices.Equal(got, []int64{-1, 3}) {
		d.Errorf("the group's offsets are %v, want [-1 3]", got)
	}
	if got := append(d.starts(parts...), d.ends(parts...)...); !slices.Equal(got, []int64{0, 2, 8, 8}) {
		d.Errorf("starts and ends are %v, want [0 2 8 8]", got)
	}
	partitions, err := d.sys.Admin().Partitions(d.ctx)
	if err != nil || len(partitions) != 2 || partitions[topic] != 2 || partitions[table] != 1 {
		d.Errorf("topics are %v, %v", partitions, err)
	}
	w, err := d.producer("").Writer(table)
	d.must(err)
	d.wantError(w.Send(0, value("no key")), stream.ErrNoKey)
}

// keptWhole writes and reopens repeatedly. All partitions of a commit must agree.
func keptWhole(d *disk, crash bool) {
	topic, group := d.topic(4), newName()
	parts := allOf(topic, 4)
	for round := range int64(12) {
		p := d.producer("id")
		for _, part := range parts {
			p.send(topic, part.Partition, value("%d", round))
		}
		_, err := p.Commit(d.ctx, stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: parts[0], Offset: round + 1}}})
		d.must(err)
		for range 3000 { // more than any buffer
			p.send(topic, 1, value("not committed"))
		}
		if round%3 == 0 {
			p.send(topic, 2, value("aborted"))
			d.must(p.Abort(d.ctx))
		}
		d.reopen(crash)
		want := []int64{round + 1, round + 1, round + 1, round + 1, round + 1}
		if got := append(d.ends(parts...), d.committed(group, parts[0])...); !slices.Equal(got, want) {
			d.Fatalf("ends and offset are %v, want %v", got, want)
		}
	}
	r := d.read(0, parts...)
	r.toEnds()
	for _, part := range parts {
		r.wantValues(part, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")
	}
}

// keptModel is the model test with reopening, on a new storage each time.
func keptModel(t *testing.T, start func(*testing.T) Storage, crash bool) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDisk(t, start(t))
		m := newMachine(d.fixture)
		actions := m.actions()
		actions["reopen"] = func(*rapid.T) {
			if !crash {
				m.close()
			}
			d.reopen(crash)
			m.open()
		}
		rt.Repeat(actions)
		m.readAll(rt)
		m.close()
		d.must(d.sys.Close())
	})
}
