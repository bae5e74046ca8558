package batch

import (
	"bytes"
	"errors"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/harnesstest"
)

// A batch that unpacks to more than the budget takes no memory until it may, in every codec.
func TestReader_BudgetBoundsMemory(t *testing.T) {
	const size = 20 << 20
	for _, codec := range codecs[1:] {
		data := build(t, &Builder{Codec: codec}, nil, 7, []stream.Record{{Value: make([]byte, size)}})
		r := Reader{Budget: 1 << 20}
		r.Reset(data)
		var rec stream.Record
		harnesstest.Frugal(t, 10<<20, 1, func() { // the codec's buffers
			if !r.Next() || r.Record(&rec) || r.Err() != nil || r.Needs() < size || r.Needs() > size+1000 {
				t.Errorf("%s: needs %d, %v", codec, r.Needs(), r.Err())
			}
		})
		if r.Memory() > 1<<20 {
			t.Errorf("%s: it holds %d bytes", codec, r.Memory())
		}
		r.Budget = 0
		if !r.Record(&rec) || len(rec.Value) != size || rec.Offset != 7 || r.Needs() != 0 || r.Memory() > size+size/8 {
			t.Errorf("%s: %d bytes in %d, %v", codec, len(rec.Value), r.Memory(), r.Err())
		}
	}
}

// A batch beyond the limit is found out in little memory.
func TestReader_LimitTakesNoMemory(t *testing.T) {
	for _, codec := range codecs[1:] {
		data := build(t, &Builder{Codec: codec}, nil, 7, []stream.Record{{Value: make([]byte, Limit)}})
		r := new(Reader)
		r.Reset(data)
		harnesstest.Frugal(t, 10<<20, 1, func() { // the codec's buffers
			if len(readAllRecords(r)) != 0 || !errors.Is(r.Err(), ErrTooLarge) || !errors.Is(r.Err(), ErrCorrupt) {
				t.Errorf("%s: %v", codec, r.Err())
			}
		})
		r.Reset(data)
		if !r.Next() || r.Record(new(stream.Record)) || !r.Intact() {
			t.Errorf("%s: a batch beyond the limit counts as damaged", codec)
		}
	}
}

func TestReader_ManyHeaders(t *testing.T) {
	for n, fits := range map[int]bool{maxHeaders: true, maxHeaders + 1: false} {
		r := new(Reader)
		r.Reset(build(t, &Builder{Codec: Zstd}, nil, 0, []stream.Record{{Headers: make([]stream.Header, n)}}))
		if got := readAllRecords(r); (len(got) == 1) != fits || (r.Err() == nil) != fits {
			t.Errorf("%d headers: %d records, %v", n, len(got), r.Err())
		}
	}
}

func TestReader_DamagedBatchIsNotIntact(t *testing.T) {
	data := build(t, &Builder{Codec: Zstd}, nil, 0, []stream.Record{{Value: bytes.Repeat([]byte("x"), 1000)}})
	data[len(data)-1] ^= 1
	r := new(Reader)
	r.Reset(data)
	if r.Next() || r.Intact() || r.Err() == nil {
		t.Errorf("%v", r.Err())
	}
}

// A frame of zstd needn't say how large its content is, and the library reports an output
// that doesn't fit in different ways: none of them is a damaged batch.
func TestDecompress_ZstdWithoutSize(t *testing.T) {
	for _, size := range []int{1000, 20_000, 200_000, 2 << 20} {
		text := bytes.Repeat([]byte("the same words again and again, with numbers 0123456789. "), size/57+1)[:size]
		for i := 0; i < size; i += 997 {
			text[i] = byte(i / 997)
		}
		var packed bytes.Buffer
		w, err := zstd.NewWriter(&packed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var d Decompressor
		got, err := d.decompress(nil, Zstd, packed.Bytes(), space{limit: Limit, budget: Limit})
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
}
