package fetch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A testBatch describes a batch.
type testBatch struct {
	base    int64
	values  []string
	deltas  []int32 // of the values; nil: one after the other
	last    int32   // the batch's last delta, if it is beyond its records
	codec   batch.Codec
	time    int64
	aborts  int64 // a producer whose transaction this ends
	commits int64
	of      int64 // the producer whose transaction it belongs to
}

func writeBatches(t testing.TB, all ...testBatch) []byte {
	t.Helper()
	var out []byte
	for _, w := range all {
		b := batch.Builder{Codec: w.codec}
		records := make([]stream.Record, max(len(w.values), 1))
		for i, v := range w.values {
			records[i] = stream.Record{Value: []byte(v), Time: w.time}
		}
		producer := max(w.of, w.aborts, w.commits)
		if producer != 0 {
			b.Attributes = batch.Transactional
		}
		if w.aborts != 0 || w.commits != 0 {
			b.Attributes |= batch.Control
			kind := byte(0)
			if w.commits != 0 {
				kind = 1
			}
			records = []stream.Record{{Key: []byte{0, 0, 0, kind}, Value: make([]byte, 6)}}
		}
		b.Start(out)
		b.SetProducer(producer, 0, 0)
		for i := range records {
			delta := int32(i)
			if w.deltas != nil {
				delta = w.deltas[i]
			}
			b.AppendAt(delta, &records[i])
		}
		var err error
		start := len(out)
		if out, err = b.Finish(w.base); err != nil {
			t.Fatal(err)
		}
		if w.last != 0 {
			out = append(out[:start], compacted(out[start:], w)...)
		}
	}
	return out
}

// compacted returns a batch that has lost records at its end, or all of them.
func compacted(b []byte, w testBatch) []byte {
	be := binary.BigEndian
	if w.values == nil {
		b = b[:batch.HeaderSize]
		be.PutUint32(b[8:], batch.HeaderSize-12) // length
		be.PutUint32(b[57:], 0)                  // records
	}
	be.PutUint32(b[23:], uint32(w.last))
	be.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestBlock(t *testing.T) {
	one := writeBatches(t, testBatch{base: 10, values: []string{"a", "b"}})
	two := writeBatches(t, testBatch{base: 10, values: []string{"a", "b"}}, testBatch{base: 15, values: []string{"c"}, codec: batch.Zstd})
	for _, x := range []struct {
		name    string
		records []byte
		from    int64
		next    int64 // -1: corrupt
		whole   int
		largest int
		packed  bool
	}{
		{"nothing", nil, 3, 3, 0, 0, false},
		{"a batch", one, 10, 12, len(one), len(one), false},
		{"from its middle", one, 11, 12, len(one), len(one), false},
		{"from a hole before it", one, 5, 12, len(one), len(one), false},
		{"two with a hole between", two, 10, 16, len(two), max(len(one), len(two)-len(one)), true},
		{"a tail that is cut short", two[:len(two)-1], 10, 12, len(one), max(len(one), len(two)-len(one)), false},
		{"a tail within its header", two[:len(one)+20], 10, 12, len(one), len(one), false},
		{"a beginning only", one[:len(one)-1], 10, 10, 0, len(one), false},
		{"less than a header", one[:batch.HeaderSize-1], 10, 10, 0, 0, false},
		{"a batch that is over", one, 12, -1, 0, 0, false},
		{"a batch twice", slices.Concat(one, one), 10, 12, len(one), len(one), false},
		{"batches that overlap", slices.Concat(one, writeBatches(t, testBatch{base: 11, values: []string{"x", "y"}})), 10, 12, len(one), len(one), false},
		{"no batch", bytes.Repeat([]byte{1}, 100), 10, -1, 0, 0, false},
		{"something behind a batch", slices.Concat(one, bytes.Repeat([]byte{1}, 100)), 10, 12, len(one), len(one), false},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := block{next: 99, largest: 99, packed: true, aborted: []wire.Aborted{{Producer: 9}}}
			err := b.fill(x.records, []wire.Aborted{{Producer: 1, FirstOffset: 7}, {Producer: 2, FirstOffset: 3}}, x.from)
			if x.next < 0 {
				if !errors.Is(err, batch.ErrCorrupt) {
					t.Fatalf("the error is %v", err)
				}
				return
			}
			if err != nil || b.next != x.next || len(b.buf) != x.whole || b.largest != x.largest || b.packed != x.packed {
				t.Errorf("next %d, %d bytes, largest %d, packed %v, %v", b.next, len(b.buf), b.largest, b.packed, err)
			}
			if want := []wire.Aborted{{Producer: 2, FirstOffset: 3}, {Producer: 1, FirstOffset: 7}}; !slices.Equal(b.aborted, want) {
				t.Errorf("aborted are %v", b.aborted)
			}
		})
	}
}

// Whatever the bytes are, a block has whole batches with ascending offsets, and its next
// offset is beyond them.
func FuzzBlock(f *testing.F) {
	two := writeBatches(f, testBatch{base: 10, values: []string{"a", "b"}}, testBatch{base: 15, values: []string{"c"}, codec: batch.LZ4})
	f.Add(two, int64(10))
	f.Add(two[:len(two)-3], int64(11))
	f.Add(writeBatches(f, testBatch{base: 3, values: []string{"x"}, of: 5}, testBatch{base: 4, aborts: 5}), int64(3))
	f.Fuzz(func(t *testing.T, data []byte, from int64) {
		if from < 0 {
			return
		}
		var b block
		if err := b.fill(data, nil, from); err != nil {
			unreadable := (*stream.UnreadableError)(nil)
			if errors.As(err, &unreadable) {
				if unreadable.Offset < from || unreadable.Next <= unreadable.Offset {
					t.Fatalf("offsets %d to %d are left out, from %d on", unreadable.Offset, unreadable.Next, from)
				}
			} else if !errors.Is(err, batch.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		next, rest := from, b.buf
		for len(rest) > 0 {
			var h batch.Header
			ok, err := batch.ParseHeader(rest, &h)
			if !ok || err != nil || h.Next() <= next || h.Size > len(rest) {
				t.Fatalf("%+v where %d was expected, %v", h, next, err)
			}
			next, rest = h.Next(), rest[h.Size:]
		}
		if b.next != next || (len(b.buf) == 0) != (b.next == from) {
			t.Fatalf("next is %d, want %d, with %d bytes", b.next, next, len(b.buf))
		}
	})
}

// The test reads blocks as a consumer does.
func TestAbortedFilter(t *testing.T) {
	abort := func(producer, first int64) wire.Aborted { return wire.Aborted{Producer: producer, FirstOffset: first} }
	for _, x := range []struct {
		name    string
		batches []testBatch
		aborted []wire.Aborted
		from    int64
		want    string
		next    int64
	}{
		{"no transactions", []testBatch{{base: 0, values: []string{"a", "b"}}}, nil, 0, "[a b]", 2},
		{"committed", []testBatch{{base: 0, values: []string{"a"}, of: 1}, {base: 1, commits: 1}}, nil, 0, "[a]", 2},
		{"aborted", []testBatch{{base: 0, values: []string{"a"}, of: 1}, {base: 1, aborts: 1}}, []wire.Aborted{abort(1, 0)}, 0, "[]", 2},
		{"one after the other", []testBatch{
			{base: 0, values: []string{"c1"}, of: 1}, {base: 1, commits: 1},
			{base: 2, values: []string{"a1"}, of: 1}, {base: 3, aborts: 1},
			{base: 4, values: []string{"c2"}, of: 1}, {base: 5, commits: 1},
			{base: 6, values: []string{"a2"}, of: 1}, {base: 7, aborts: 1},
		}, []wire.Aborted{abort(1, 2), abort(1, 6)}, 0, "[c1 c2]", 8},
		{"side by side", []testBatch{
			{base: 0, values: []string{"a1"}, of: 1}, {base: 1, values: []string{"c1"}, of: 2}, {base: 2, values: []string{"none"}},
			{base: 3, values: []string{"a2"}, of: 1}, {base: 4, commits: 2}, {base: 5, values: []string{"a3"}, of: 1}, {base: 6, aborts: 1},
			{base: 7, values: []string{"c2"}, of: 1},
		}, []wire.Aborted{abort(1, 0)}, 0, "[c1 none c2]", 8},
		{"begun before", []testBatch{{base: 5, values: []string{"a"}, of: 1}, {base: 6, aborts: 1}, {base: 7, values: []string{"c"}, of: 1}},
			[]wire.Aborted{abort(1, 2)}, 5, "[c]", 8},
		{"the list in any order", []testBatch{
			{base: 0, values: []string{"a"}, of: 2}, {base: 1, values: []string{"a"}, of: 1}, {base: 2, aborts: 1}, {base: 3, aborts: 2}, {base: 4, values: []string{"c"}},
		}, []wire.Aborted{abort(1, 1), abort(2, 0)}, 0, "[c]", 5},
		{"a hole where it begins", []testBatch{{base: 3, values: []string{"a"}, deltas: []int32{2}, of: 1}, {base: 6, aborts: 1}},
			[]wire.Aborted{abort(1, 3)}, 0, "[]", 7},
		{"holes at both ends", []testBatch{{base: 0, values: []string{"a", "b"}, deltas: []int32{2, 4}, last: 9}}, nil, 0, "[a b]", 10},
		{"an empty batch", []testBatch{{base: 0, values: []string{"a"}}, {base: 1, last: 3}}, nil, 0, "[a]", 5},
		{"from the middle of a batch", []testBatch{{base: 0, values: []string{"a", "b", "c"}, codec: batch.Snappy}}, nil, 1, "[b c]", 3},
	} {
		t.Run(x.name, func(t *testing.T) {
			for size := 1; size < 4; size++ { // of chunks
				b := new(block)
				if err := b.fill(writeBatches(t, x.batches...), x.aborted, x.from); err != nil {
					t.Fatal(err)
				}
				r := cursor{position: x.from, n: 1, decoder: &decoder{records: make([]stream.Record, size)}}
				r.blocks[0] = b
				values := []string{}
				for position := x.from; !r.decoded; position = r.position {
					chunk, ok, err := r.read(1 << 20)
					if err != nil || ok != (chunk.Next > position) {
						t.Fatal(chunk, ok, err)
					}
					for _, rec := range chunk.Records {
						values = append(values, string(rec.Value))
					}
				}
				if fmt.Sprint(values) != x.want || r.position != x.next {
					t.Errorf("in chunks of %d: %v up to %d, want %s up to %d", size, values, r.position, x.want, x.next)
				}
			}
		})
	}
}
