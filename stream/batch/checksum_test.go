package batch

import (
	"hash/crc32"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream"
)

func TestJoined_EqualsChecksumOfWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "data")
		at := rapid.IntRange(0, len(data)).Draw(t, "at")
		first, second := crc32.Checksum(data[:at], crcTable), crc32.Checksum(data[at:], crcTable)
		if got, want := joined(first, second, len(data)-at), crc32.Checksum(data, crcTable); got != want {
			t.Fatalf("%x, want %x", got, want)
		}
	})
}

// UpdateChecksum doesn't change the batch, however often it is called.
func TestUpdateChecksum_SameBatch(t *testing.T) {
	for _, codec := range []Codec{None, Zstd} {
		var want []byte
		for pieces := range 4 {
			b := Builder{Codec: codec}
			b.Start([]byte("before"))
			for i := range 100 {
				if pieces > 0 && i%(40*pieces) == 0 {
					b.UpdateChecksum()
				}
				b.Append(&stream.Record{Value: []byte("some value"), Time: int64(i)})
			}
			got, err := b.Finish(7)
			if err != nil {
				t.Fatal(err)
			}
			if pieces == 0 {
				want = got
			} else if string(got) != string(want) {
				t.Errorf("%s, in %d pieces: %x, want %x", codec, pieces, got, want)
			}
		}
	}
}
