package streamtest

import (
	"bytes"
	"reflect"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// samples returns records of every kind. Empty and nil headers are equivalent.
func samples() []stream.Record {
	return []stream.Record{
		{Key: []byte("key"), Value: []byte("value"), Time: 1398926301271},
		{Time: 1},
		{Key: []byte{}, Value: []byte{}, Time: 2},
		{Key: []byte("deleted"), Time: 3},
		{Value: []byte("no key"), Time: 1398926301271},
		{Key: []byte{0, 255}, Value: bytes.Repeat([]byte("ab"), 5000), Time: 4},
		{Value: []byte("earlier"), Time: 1, Headers: []stream.Header{{Key: "h", Value: []byte("v")}}},
		{Value: []byte("headers"), Time: 5, Headers: []stream.Header{
			{Key: "same", Value: []byte("1")}, {Key: "same", Value: []byte("2")},
			{Key: "nil"}, {Key: "empty", Value: []byte{}}, {Key: "", Value: []byte{0}},
		}},
	}
}

func recordsComeBack(f *fixture) {
	topic := f.topic(1)
	p := f.producer("")
	want := samples()
	p.sendAll(topic, want)
	before := time.Now().Add(-time.Minute).UnixMilli()
	p.send(topic, 0, value("now"))
	p.commit()
	r := f.read(0, tp(topic, 0))
	r.toEnds()
	got := r.got[tp(topic, 0)]
	last := len(got) - 1
	if last < 0 {
		f.Fatal("no records were read")
	}
	wantRecords(f, got[:last], want)
	if now := got[last].Time; now < before || now > time.Now().Add(time.Minute).UnixMilli() {
		f.Errorf("a record without a time has %d", now)
	}
}

// sendAll sends records to partition 0. Their offsets must be ignored.
func (p *producer) sendAll(topic string, records []stream.Record) {
	p.f.Helper()
	for i := range records {
		sent := clone(&records[i])
		sent.Offset = 1234
		p.send(topic, 0, &sent)
	}
}

func wantRecords(f *fixture, got, want []stream.Record) {
	f.Helper()
	if len(got) != len(want) {
		f.Fatalf("read %d records, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := clone(&got[i]), clone(&want[i])
		w.Offset = g.Offset
		if len(g.Headers) == 0 {
			g.Headers = nil
		}
		if !reflect.DeepEqual(g, w) {
			f.Errorf("record %d is %+v, want %+v", i, g, w)
		}
	}
}

func sentIsCopied(f *fixture) {
	topic := f.topic(1)
	p := f.producer("")
	rec := stream.Record{Key: []byte("key"), Value: []byte("value"), Headers: []stream.Header{{Key: "h", Value: []byte("header")}}, Time: 1}
	want := clone(&rec)
	p.send(topic, 0, &rec)
	clear(rec.Key)
	clear(rec.Value)
	clear(rec.Headers[0].Value)
	rec.Headers[0].Key = "other"
	p.commit()
	r := f.read(0, tp(topic, 0))
	r.toEnds()
	if got := r.got[tp(topic, 0)]; len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		f.Errorf("got %+v, want %+v", got, want)
	}
}

// largeRecord sends a record almost as large as the largest batch that brokers accept by
// default.
func largeRecord(f *fixture) { throughSmallBuffer(f, 900_000) }

func throughSmallBuffer(f *fixture, size int) {
	topic := f.topic(1)
	large := bytes.Repeat([]byte("0123456789"), size/10)
	p := f.producer("")
	p.send(topic, 0, value("before"))
	p.send(topic, 0, &stream.Record{Value: large})
	p.send(topic, 0, value("after"))
	p.commit()
	r := f.reader(10_000)
	r.assign(tp(topic, 0), 0)
	r.toEnds()
	r.wantValues(tp(topic, 0), "before", string(large), "after")
}

// memoryBound checks that unreleased chunks don't exceed MaxBytes, and that everything is
// read once they are released.
func memoryBound(f *fixture) {
	const partitions, perPartition, size, bound = 16, 64, 2000, 256 << 10
	topic := f.topic(partitions)
	p := f.producer("")
	for i := range int32(perPartition * partitions) {
		p.send(topic, i%partitions, &stream.Record{Value: bytes.Repeat([]byte{byte(i)}, size)})
	}
	p.commit()
	r := f.reader(bound)
	for _, p := range allOf(topic, partitions) {
		r.assign(p, 0)
	}
	r.first()
	r.pollUntilQuiet() // until memory is full
	held := 0
	for _, records := range r.got {
		held += size * len(records)
	}
	if held > bound {
		f.Errorf("%d bytes are out, more than %d", held, bound)
	}
	for p := range r.out {
		r.release(p)
	}
	r.toEnds()
	for _, p := range allOf(topic, partitions) {
		if len(r.got[p]) != perPartition {
			f.Errorf("%s: %d records, want %d", p, len(r.got[p]), perPartition)
		}
	}
}

func manyPartitions(f *fixture) {
	const partitions, rounds = 64, 5
	topic := f.topic(partitions)
	r := f.read(0, allOf(topic, partitions)...)
	p := f.producer("")
	var want []string
	for round := range rounds {
		for i := range int32(partitions) {
			p.send(topic, i, value("%d", round))
		}
		p.commit()
		want = append(want, string(rune('0'+round)))
		r.toEnds()
		for _, p := range allOf(topic, partitions) {
			if !slices.Equal(r.values(p), want) {
				f.Fatalf("%s has %q, want %q", p, r.values(p), want)
			}
		}
	}
}
