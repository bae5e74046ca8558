package fields

import (
	"encoding/binary"
	"math"
	"testing"
)

func FuzzReader(f *testing.F) {
	f.Add(int64(math.MinInt64), uint64(math.MaxUint64), int64(-2), "text", 3)
	f.Add(int64(0), uint64(0), int64(0), "", 0)
	f.Fuzz(func(t *testing.T, a int64, b uint64, c int64, s string, cut int) {
		src := binary.AppendVarint(nil, a)
		src = binary.AppendUvarint(src, b)
		src = binary.BigEndian.AppendUint64(src, uint64(c))
		src = append(binary.AppendUvarint(src, uint64(len(s))), s...)
		r := Reader{Src: src}
		if r.Varint() != a || r.Uvarint() != b || r.Int64() != c || r.String() != s || r.Bad || len(r.Src) != 0 {
			t.Fatalf("the fields differ from those written: %+v", r)
		}
		// Every truncation is detected, and later fields are zero.
		short := Reader{Src: src[:int(uint(cut)%uint(len(src)))]}
		_, _, _ = short.Varint(), short.Uvarint(), short.Int64()
		if text := short.String(); !short.Bad || text != "" || short.Varint() != 0 {
			t.Fatalf("%d of %d bytes are accepted as complete: %q", cut, len(src), text)
		}
	})
}
