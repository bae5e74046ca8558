package batch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream"
)

var codecs = []Codec{None, Gzip, Snappy, LZ4, Zstd}

// sample returns records of every kind.
func sample() []stream.Record {
	return []stream.Record{
		{Key: []byte("k"), Value: []byte("v"), Time: 1398926301271},
		{Key: []byte{}, Value: []byte{}, Time: 1398926301272, Headers: []stream.Header{}},
		{Time: 0},
		{Key: []byte("key"), Time: 1398926300000, Headers: []stream.Header{{Key: "t", Value: []byte{1}}, {Key: "grete"}}},
		{Value: bytes.Repeat([]byte("long "), 20000), Time: math.MaxInt64 / 4, Headers: []stream.Header{{Key: "t", Value: []byte{}}}},
		{Key: []byte("key"), Headers: []stream.Header{{Key: "", Value: []byte("no name")}, {Key: strings.Repeat("n", 300)}}},
	}
}

func build(t testing.TB, b *Builder, dst []byte, base int64, records []stream.Record) []byte {
	t.Helper()
	b.Start(dst)
	for i := range records {
		b.Append(&records[i])
	}
	out, err := b.Finish(base)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// readAllRecords returns all records of a reader.
func readAllRecords(r *Reader) []stream.Record {
	var all []stream.Record
	for r.Next() {
		var rec stream.Record
		for r.Record(&rec) {
			all = append(all, rec)
		}
	}
	return all
}

func same(a, b stream.Record) bool {
	if len(a.Headers) == 0 && len(b.Headers) == 0 {
		a.Headers, b.Headers = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

func TestReader_ReadsBuiltBatches(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.String(), func(t *testing.T) {
			b := &Builder{Codec: codec, Attributes: Transactional, LeaderEpoch: 7}
			var r Reader
			for range 3 { // the later rounds reuse memory
				data := build(t, b, []byte("before")[:0], 100, sample())
				b.Start(data)
				b.SetProducer(5, 6, 7)
				b.AppendAt(3, &stream.Record{Key: []byte("x")})
				data, err := b.Finish(math.MaxInt64 - 10)
				if err != nil {
					t.Fatal(err)
				}
				r.Reset(data)
				checkTwoBatches(t, &r, codec)
			}
		})
	}
}

func checkTwoBatches(t *testing.T, r *Reader, codec Codec) {
	t.Helper()
	want := sample()
	if !r.Next() || r.BaseOffset != 100 || r.Header.Next() != 106 || int(r.Count) != len(want) || r.Codec() != codec ||
		r.Attributes&Transactional == 0 || r.LeaderEpoch != 7 || r.ProducerID != -1 || r.ProducerEpoch != -1 || r.Sequence != -1 {
		t.Fatalf("%+v, %v", r.Header, r.Err())
	}
	got := make([]stream.Record, len(want))
	for i := range want {
		want[i].Offset = 100 + int64(i)
		if !r.Record(&got[i]) {
			t.Fatalf("record %d: %v", i, r.Err())
		}
	}
	if !r.Next() || r.ProducerID != 5 || r.ProducerEpoch != 6 || r.Sequence != 7 || r.Header.Next() != math.MaxInt64-6 {
		t.Fatalf("%+v, %v", r.Header, r.Err())
	}
	var last stream.Record
	if !r.Record(&last) || last.Offset != math.MaxInt64-7 || r.Record(&last) || r.Next() || r.Err() != nil || r.UnreadBytes() != 0 {
		t.Fatalf("%+v, %v", last, r.Err())
	}
	for i := range want { // still valid after the second batch
		if !same(got[i], want[i]) {
			t.Errorf("record %d is %.100v, want %.100v", i, got[i], want[i])
		}
	}
}

// The expected bytes are those of the clients in Java and kafka-go.
func TestBuilder_BytesMatchKafka(t *testing.T) {
	data := build(t, new(Builder), nil, 0, []stream.Record{{Key: []byte("k"), Value: []byte("v"), Time: 1000, Headers: []stream.Header{{Key: "h", Value: nil}}}})
	want := []byte{
		0, 0, 0, 0, 0, 0, 0, 0, // base offset
		0, 0, 0, 61, // length
		0, 0, 0, 0, // leader epoch
		2,          // magic
		0, 0, 0, 0, // checksum, below
		0, 0, // attributes
		0, 0, 0, 0, // last offset delta
		0, 0, 0, 0, 0, 0, 0x03, 0xe8, // first time
		0, 0, 0, 0, 0, 0, 0x03, 0xe8, // max time
		255, 255, 255, 255, 255, 255, 255, 255, // producer id
		255, 255, // producer epoch
		255, 255, 255, 255, // base sequence
		0, 0, 0, 1, // records
		22, 0, 0, 0, 2, 'k', 2, 'v', 2, 2, 'h', 1,
	}
	if len(data) != 73 || len(want) != 73 {
		t.Fatalf("%d bytes, want %d", len(data), len(want))
	}
	copy(want[17:], data[17:21])
	if !bytes.Equal(data, want) {
		t.Fatalf("got  %v\nwant %v", data, want)
	}
}

func TestBuilder_OmitsEmptyBatch(t *testing.T) {
	if data := build(t, new(Builder), []byte("x"), 0, nil); string(data) != "x" {
		t.Fatalf("%q", data)
	}
}

func TestReader_IncompleteBatchIsNoError(t *testing.T) {
	data := build(t, new(Builder), nil, 0, sample()[:2])
	one := len(data)
	data = build(t, new(Builder), data, 2, sample()[:2])
	for n := range data {
		var r Reader
		r.Reset(data[:n])
		want := 0
		if n >= one {
			want = 2
		}
		if got := readAllRecords(&r); len(got) != want || r.Err() != nil {
			t.Fatalf("of %d bytes: %d records, %v", n, len(got), r.Err())
		}
		if rest := n % one; r.UnreadBytes() != rest {
			t.Fatalf("of %d bytes: %d remain, want %d", n, r.UnreadBytes(), rest)
		}
	}
}

func TestReader_DetectsEveryFlippedBit(t *testing.T) {
	data := build(t, new(Builder), nil, 9, sample()[:4])
	for bit := range len(data) * 8 {
		at := bit / 8
		if at < 16 { // the checksum doesn't cover base offset, length and leader epoch
			continue
		}
		data[at] ^= 1 << (bit % 8)
		var r Reader
		r.Reset(data)
		readAllRecords(&r)
		if !errors.Is(r.Err(), ErrCorrupt) {
			t.Fatalf("bit %d of byte %d: %v", bit%8, at, r.Err())
		}
		data[at] ^= 1 << (bit % 8)
	}
}

// Malformed records may have a valid checksum.
func TestReader_MalformedRecords(t *testing.T) {
	data := build(t, new(Builder), nil, 0, []stream.Record{{Key: []byte("key"), Value: []byte("value"), Headers: []stream.Header{{Key: "h"}}}})
	for at := HeaderSize; at < len(data); at++ {
		for b := range 256 {
			broken := bytes.Clone(data)
			broken[at] = byte(b)
			readAllRecords(reseal(broken))
		}
	}
	tail := append(bytes.Clone(data), 0, 0)
	binary.BigEndian.PutUint32(tail[8:], uint32(len(tail)-12))
	if r := reseal(tail); len(readAllRecords(r)) != 0 || !errors.Is(r.Err(), ErrCorrupt) {
		t.Fatalf("extra bytes after the records: %v", r.Err())
	}
}

// reseal fixes the checksum of a batch and returns a reader of it.
func reseal(data []byte) *Reader {
	binary.BigEndian.PutUint32(data[17:], checksum(data))
	r := new(Reader)
	r.Reset(data)
	return r
}

func TestReader_LimitsDecompressedSize(t *testing.T) {
	records := []stream.Record{{Value: make([]byte, 1<<20)}}
	for _, codec := range codecs[1:] {
		r := Reader{Limit: 1 << 19}
		r.Reset(build(t, &Builder{Codec: codec}, nil, 0, records))
		if got := readAllRecords(&r); len(got) != 0 || !errors.Is(r.Err(), ErrCorrupt) {
			t.Errorf("%s: %d records, %v", codec, len(got), r.Err())
		}
		r.Limit = 2 << 20
		r.Reset(build(t, &Builder{Codec: codec}, nil, 0, records))
		if got := readAllRecords(&r); len(got) != 1 || r.Err() != nil {
			t.Errorf("%s: %d records, %v", codec, len(got), r.Err())
		}
	}
}

func TestReader_RawSnappy(t *testing.T) {
	data := build(t, &Builder{Codec: Snappy}, nil, 0, []stream.Record{{Value: []byte("raw")}})
	var d Decompressor
	plain, err := d.decompress(nil, Snappy, data[HeaderSize:], space{limit: 1000, budget: 1000})
	if err != nil {
		t.Fatal(err)
	}
	raw := append(bytes.Clone(data[:HeaderSize]), snappyEncode(plain)...)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-12))
	if got := readAllRecords(reseal(raw)); len(got) != 1 || string(got[0].Value) != "raw" {
		t.Fatalf("%v", got)
	}
}

func TestReader_LogAppendTime(t *testing.T) {
	data := build(t, &Builder{Attributes: logAppendTime}, nil, 0, []stream.Record{{Time: 5}, {Time: 9}})
	r := new(Reader)
	r.Reset(data)
	if got := readAllRecords(r); got[0].Time != 9 || got[1].Time != 9 {
		t.Fatalf("%v", got)
	}
}

func TestSetBaseOffset(t *testing.T) {
	data := build(t, new(Builder), nil, 0, sample()[:1])
	SetBaseOffset(data, 1<<40)
	r := new(Reader)
	r.Reset(data)
	if got := readAllRecords(r); r.Err() != nil || got[0].Offset != 1<<40 {
		t.Fatalf("%v, %v", got, r.Err())
	}
}

// Builders that share a Compressor may have open batches at the same time.
func TestCompressor_SharedByBuilders(t *testing.T) {
	for _, codec := range codecs {
		var shared Compressor
		builders := make([]Builder, 3)
		for i := range builders {
			builders[i] = Builder{Codec: codec, Compressor: &shared}
			builders[i].Start(nil)
			for j := range 100 {
				builders[i].Append(&stream.Record{Value: fmt.Appendf(nil, "%d of %d", j, i)})
			}
		}
		var data []byte
		for i := range builders {
			one, err := builders[i].Finish(int64(100 * i))
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, one...)
		}
		var r Reader
		r.Reset(data)
		for i, got := range readAllRecords(&r) {
			if want := fmt.Sprintf("%d of %d", i%100, i/100); string(got.Value) != want || got.Offset != int64(i) {
				t.Fatalf("%s: %q at %d, want %q", codec, got.Value, got.Offset, want)
			}
		}
		if r.Err() != nil || r.UnreadBytes() != 0 {
			t.Fatalf("%s: %v", codec, r.Err())
		}
	}
}

// Records are valid until Recycle, which may be called in the middle of a batch, and
// memory stays bounded.
func TestReader_Recycle(t *testing.T) {
	for _, codec := range codecs {
		var data []byte
		var want []stream.Record
		for i := range 50 {
			b := &Builder{Codec: codec}
			if i%3 == 1 {
				b.Codec = None
			}
			records := sample()[:5]
			for k := range records { // other values of the same sizes in each batch
				records[k].Offset = int64(len(want) + k)
				records[k].Value = bytes.Repeat([]byte{byte(i)}, 1+k*1000)
			}
			data = build(t, b, data, int64(len(want)), records)
			want = append(want, records...)
		}
		for every := 1; every < 15; every++ {
			var r Reader
			r.Reset(data)
			n := 0
			for chunk := make([]stream.Record, every); n < len(want); n += every {
				read := readSome(&r, chunk)
				if read != min(every, len(want)-n) || !slices.EqualFunc(chunk[:read], want[n:n+read], same) {
					t.Fatalf("%s: %d records from %d on are wrong, %v", codec, read, n, r.Err())
				}
				r.Recycle()
			}
			// 15 records belong to at most 4 batches, each of 10 kB.
			if r.Next() || r.Err() != nil || r.Memory() > 100<<10 {
				t.Fatalf("%s, every %d: %d bytes held, %v", codec, every, r.Memory(), r.Err())
			}
		}
	}
}

// readSome fills records, from several batches, and returns their number.
func readSome(r *Reader, records []stream.Record) (n int) {
	for n < len(records) {
		if r.Record(&records[n]) {
			n++
		} else if !r.Next() {
			break
		}
	}
	return n
}

func TestDecompressor_SharedByReaders(t *testing.T) {
	for _, codec := range codecs {
		data := build(t, &Builder{Codec: codec}, nil, 0, sample())
		u := new(Decompressor)
		a, b := Reader{Decompressor: u}, Reader{Decompressor: u}
		a.Reset(data)
		b.Reset(data)
		a.Next()
		b.Next()
		for i, want := range sample() {
			want.Offset = int64(i)
			var fromA, fromB stream.Record
			if !a.Record(&fromA) || !b.Record(&fromB) || !same(fromA, want) || !same(fromB, want) {
				t.Fatalf("%s: record %d is %.100v and %.100v, %v, %v", codec, i, fromA, fromB, a.Err(), b.Err())
			}
		}
	}
}
