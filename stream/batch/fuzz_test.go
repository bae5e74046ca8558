package batch

import (
	"testing"

	"github.com/klauspost/compress/snappy"

	"github.com/gretestream/grete/stream"
)

func snappyEncode(p []byte) []byte { return snappy.Encode(nil, p) }

// FuzzDecode checks that any input is read without a panic, and that offsets ascend.
func FuzzDecode(f *testing.F) {
	for _, codec := range codecs {
		data := build(f, &Builder{Codec: codec}, nil, 3, sample()[:4])
		f.Add(data, true)
		f.Add(data[:len(data)-3], false)
	}
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		r := &Reader{Limit: 1 << 20}
		if seal && len(data) >= HeaderSize {
			r = reseal(data)
			r.Limit = 1 << 20
		} else {
			r.Reset(data)
		}
		for r.Next() {
			last := r.BaseOffset - 1
			var rec stream.Record
			for r.Record(&rec) {
				if rec.Offset <= last || rec.Offset >= r.Header.Next() {
					t.Fatalf("offset %d after %d in %+v", rec.Offset, last, r.Header)
				}
				last = rec.Offset
			}
		}
	})
}

// FuzzRoundTrip checks that a Reader returns the records that were written.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("key"), []byte("value"), "header", []byte("x"), int64(1398926301271), int64(-1), uint8(3), true)
	f.Add([]byte{}, []byte(nil), "", []byte(nil), int64(0), int64(1)<<62, uint8(0), false)
	f.Fuzz(func(t *testing.T, key, value []byte, name string, header []byte, time, time2 int64, codec uint8, null bool) {
		in := []stream.Record{
			{Key: key, Value: value, Time: time, Headers: []stream.Header{{Key: name, Value: header}}},
			{Key: value, Value: key, Time: time2},
			{Key: value, Time: time, Headers: []stream.Header{{Key: name, Value: key}, {Key: "2"}}},
		}
		if null {
			in[0].Key, in[1].Value = nil, nil
		}
		var r Reader
		r.Reset(build(t, &Builder{Codec: Codec(codec % 5)}, nil, 77, in))
		out := readAllRecords(&r)
		if len(out) != len(in) || r.Err() != nil {
			t.Fatalf("%d records, %v", len(out), r.Err())
		}
		for i := range in {
			in[i].Offset = 77 + int64(i)
			if !same(in[i], out[i]) {
				t.Fatalf("record %d is %v, want %v", i, out[i], in[i])
			}
		}
	})
}
