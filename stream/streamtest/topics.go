package streamtest

import (
	"errors"
	"maps"
	"slices"

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
		f.Errorf("new partitions go from %v to %v", f.starts(every...), f.ends(every...))
	}
	if f.sys.Name() == "" {
		f.Error("the system has no name")
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
		f.wantError(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: bad}), stream.ErrUnknownTopic)
		if bad.Topic == topic {
			f.wantError(w.Send(bad.Partition, value("lost")), stream.ErrUnknownTopic)
		}
	}
	p.commit()
	if got := f.ends(allOf(topic, 2)...); !slices.Equal(got, []int64{0, 0}) {
		f.Errorf("a record that was refused is there: ends are %v", got)
	}
}

func compacted(f *fixture) {
	topic := f.create(stream.TopicConfig{Partitions: 1, Cleanup: stream.CleanupCompact})
	p := f.producer("")
	w, err := p.Writer(topic)
	f.must(err)
	f.wantError(w.Send(0, value("no key")), stream.ErrNoKey)
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

// lastOfEach is the table that a compacted topic describes.
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
	end := f.fill(topic, 0, 6)
	f.fill(topic, 1, 2)
	all := f.read(0, p)
	all.toEnds()
	from := all.got[p][3].Offset
	admin := f.sys.Admin()
	f.must(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: from}))
	f.must(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: from - 1}))
	if start := f.starts(p)[0]; start > from {
		f.Fatalf("records were deleted up to %d, and %d was asked for", start, from)
	}
	if f.ends(p)[0] != end || f.starts(other)[0] != 0 {
		f.Error("more has changed than where the partition starts")
	}
	r := f.read(from, p)
	r.toEnds()
	r.wantValues(p, "3", "4", "5")
	var outside *stream.OffsetOutOfRangeError
	if err := admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: end + 1}); !errors.As(err, &outside) {
		f.Errorf("deleting records that aren't there yet: %v", err)
	}
	f.must(admin.DeleteRecords(f.ctx, stream.Position{TopicPartition: p, Offset: end}))
	f.fill(topic, 0, 1)
	r = f.read(end, p)
	r.toEnds()
	r.wantValues(p, "0")
}
