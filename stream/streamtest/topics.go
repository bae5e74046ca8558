package streamtest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

func topics(f *fixture) {
	admin := f.sys.Admin()
	one, three, missing := f.topic(1), f.topic(3), newName()
	f.wantError(admin.CreateTopic(f.ctx, stream.TopicConfig{Name: three, Partitions: 5}), stream.ErrTopicExists)
	got, err := admin.Partitions(f.ctx, one, three, missing)
	f.must(err)
	if want := (map[string]int32{one: 1, three: 3}); !maps.Equal(got, want) {
		f.Errorf("partitions are %v, want %v", got, want)
	}
	all, err := admin.Partitions(f.ctx)
	f.must(err)
	if _, ok := all[missing]; all[one] != 1 || all[three] != 3 || ok {
		f.Errorf("all partitions are %v", all)
	}
	every := append(allOf(three, 3), tp(one, 0))
	if zeros := make([]int64, 4); !slices.Equal(f.starts(every...), zeros) || !slices.Equal(f.ends(every...), zeros) {
		f.Errorf("new partitions start at %v and end at %v", f.starts(every...), f.ends(every...))
	}
	if id := f.sys.ID(); f.sys.Name() == "" || id == "" || f.sys.ID() != id {
		f.Errorf("the system's name is %q, its id %q and then %q", f.sys.Name(), id, f.sys.ID())
	}
}

// grow tests systems whose Admin is a Grower.
func grow(f *fixture) {
	grower, ok := f.sys.Admin().(stream.Grower)
	if !ok {
		return
	}
	name, missing := f.topic(2), newName()
	f.wantError(grower.Grow(f.ctx, missing, 3), stream.ErrUnknownTopic)
	for _, n := range []int32{5, 5, 1} { // the number never decreases
		f.must(grower.Grow(f.ctx, name, n))
		got, err := f.sys.Admin().Partitions(f.ctx, name)
		f.must(err)
		if got[name] != 5 {
			f.Errorf("after Grow to %d there are %d partitions", n, got[name])
		}
	}
	f.fill(name, 4, 3)
	if got := f.settledEnds(allOf(name, 5)...); got[4] < 3 || got[0] != 0 {
		f.Errorf("the partitions end at %v", got)
	}
}

func describe(f *fixture) {
	dropped := f.create(stream.TopicConfig{Partitions: 3, Retention: 48 * time.Hour})
	kept := f.create(stream.TopicConfig{Partitions: 1, Retention: -1})
	byDefault := f.create(stream.TopicConfig{Partitions: 1})
	table := f.create(stream.TopicConfig{Partitions: 2, Cleanup: stream.CleanupCompact})
	got, err := f.sys.Admin().Describe(f.ctx, dropped, kept, byDefault, table, newName())
	f.must(err)
	if len(got) != 4 {
		f.Errorf("of 4 topics %d are described: %v", len(got), got)
	}
	for name, want := range map[string]stream.TopicConfig{
		dropped:   {Partitions: 3, Cleanup: stream.CleanupDelete, Retention: 48 * time.Hour},
		kept:      {Partitions: 1, Cleanup: stream.CleanupDelete},
		byDefault: {Partitions: 1, Cleanup: stream.CleanupDelete},
		table:     {Partitions: 2, Cleanup: stream.CleanupCompact},
	} {
		g := got[name]
		if g.TombstoneRetention < 0 || want.Cleanup != stream.CleanupCompact && g.TombstoneRetention != 0 {
			f.Errorf("%s keeps tombstones for %s", name, g.TombstoneRetention)
		}
		if g.Name != name || g.Partitions != want.Partitions || g.Cleanup != want.Cleanup || g.Retention == 0 || g.Replication < 1 ||
			want.Retention > 0 && g.Retention != want.Retention {
			f.Errorf("created as %+v, described as %+v", want, g)
		}
	}
	if got[kept].Retention > 0 {
		f.Errorf("the retention of a topic that keeps records forever is %v", got[kept].Retention)
	}
}

// topicIDs checks that ids are stable and unique. Tests of systems that can delete topics
// check that a recreated topic gets a new id.
func topicIDs(f *fixture) {
	one, two := f.topic(1), f.topic(2)
	ask := func(topics ...string) map[string]string {
		ids, err := f.sys.Admin().TopicIDs(f.ctx, topics...)
		f.must(err)
		return ids
	}
	ids := ask(one, two, newName(), "../impossible")
	if len(ids) != 2 || ids[one] == "" || ids[two] == "" || ids[one] == ids[two] {
		f.Errorf("the ids of two topics are %v", ids)
	}
	f.fill(one, 0, 1)
	if again := ask(one); len(again) != 1 || again[one] != ids[one] {
		f.Errorf("the id of %s is %v, was %v", one, again, ids)
	}
	if none := ask(); len(none) != 0 {
		f.Errorf("the ids of no topics are %v", none)
	}
}

func impossibleTopics(f *fixture) {
	for _, cfg := range []stream.TopicConfig{
		{Name: "", Partitions: 1},
		{Name: "..", Partitions: 1},
		{Name: "../" + newName(), Partitions: 1},
		{Name: newName()},
		{Name: newName(), Partitions: -1},
		{Name: newName(), Partitions: 1, Cleanup: "both"},
	} {
		if err := f.sys.Admin().CreateTopic(f.ctx, cfg); err == nil {
			f.Errorf("%+v is accepted", cfg)
		}
	}
}

func unknownTopics(f *fixture) {
	topic, missing := f.topic(2), newName()
	admin, p, r := f.sys.Admin(), f.producer(""), f.reader(0)
	_, err := p.Writer(missing)
	f.wantError(err, stream.ErrUnknownTopic)
	w, err := p.Writer(topic)
	f.must(err)
	if again, err := p.Writer(topic); err != nil || again != w || w.Partitions() != 2 {
		f.Errorf("the writer opened again is %v, %v, want %v", again, err, w)
	}
	for _, bad := range []stream.TopicPartition{tp(missing, 0), tp(topic, 2), tp(topic, -1)} {
		f.wantError(r.Assign(bad, 0), stream.ErrUnknownTopic)
		_, err = admin.Starts(f.ctx, tp(topic, 0), bad)
		f.wantError(err, stream.ErrUnknownTopic)
		_, err = admin.Ends(f.ctx, bad)
		f.wantError(err, stream.ErrUnknownTopic)
		_, err = admin.OffsetsAt(f.ctx, 0, bad)
		f.wantError(err, stream.ErrUnknownTopic)
		f.wantError(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: bad}), stream.ErrUnknownTopic)
		if bad.Topic == topic {
			f.wantError(w.Send(bad.Partition, value("lost")), stream.ErrUnknownTopic)
		}
	}
	p.commit()
	if got := f.ends(allOf(topic, 2)...); !slices.Equal(got, []int64{0, 0}) {
		f.Errorf("a rejected record was stored: the ends are %v", got)
	}
}

func compacted(f *fixture) {
	topic := f.create(stream.TopicConfig{Partitions: 1, Cleanup: stream.CleanupCompact})
	err := f.producer("").try(topic, value("no key"))
	f.wantError(err, stream.ErrNoKey)
	if errors.As(err, new(*stream.ProducerError)) {
		f.Errorf("%v is a ProducerError", err)
	}
	p := f.producer("")
	w, err := p.Writer(topic)
	f.must(err)
	want := make(map[string]string)
	for i := range 100 {
		key, val := string('a'+rune(i%7)), string('A'+rune(i%26))
		f.must(w.Send(0, &stream.Record{Key: []byte(key), Value: []byte(val)}))
		want[key] = val
	}
	f.must(w.Send(0, &stream.Record{Key: []byte{}, Value: []byte("of the empty key")}))
	f.must(w.Send(0, &stream.Record{Key: []byte("b")}))
	want[""] = "of the empty key"
	delete(want, "b")
	p.commit()
	r := f.read(0, tp(topic, 0))
	r.toEnds()
	if got := lastOfEach(r.got[tp(topic, 0)]); !maps.Equal(got, want) {
		f.Errorf("the keys are %v, want %v", got, want)
	}
}

// lastOfEach returns the table that a compacted topic represents.
func lastOfEach(records []stream.Record) map[string]string {
	table := make(map[string]string)
	for i := range records {
		if r := &records[i]; r.Value == nil {
			delete(table, string(r.Key))
		} else {
			table[string(r.Key)] = string(r.Value)
		}
	}
	return table
}

func deleteRecords(f *fixture) {
	topic := f.topic(2)
	p, other := tp(topic, 0), tp(topic, 1)
	f.fill(topic, 0, 6)
	f.fill(topic, 1, 2)
	all := f.read(0, p)
	all.toEnds()
	end := f.settledEnds(p)[0]
	from := all.got[p][3].Offset
	admin := f.sys.Admin()
	f.must(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: from}))
	f.must(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: from - 1}))
	if start := f.starts(p)[0]; start > from {
		f.Fatalf("records were deleted up to %d, want %d", start, from)
	}
	if f.ends(p)[0] != end || f.starts(other)[0] != 0 {
		f.Error("DeleteRecords has changed more than the start of the partition")
	}
	r := f.read(from, p)
	r.toEnds()
	r.wantValues(p, "3", "4", "5")
	var outside *stream.OffsetOutOfRangeError
	if err := admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: end + 1}); !errors.As(err, &outside) {
		f.Errorf("deleting records after the end: %v", err)
	}
	f.must(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: end}))
	f.fill(topic, 0, 1)
	r = f.read(end, p)
	r.toEnds()
	r.wantValues(p, "0")
}
