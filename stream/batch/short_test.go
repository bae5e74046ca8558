package batch

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream"
)

// appendShort and encode produce the same bytes.
func TestAppendShort_EqualsEncode(t *testing.T) {
	sizes := rapid.SampledFrom([]int{0, 1, 63, 64, 65, short - 1, short, short + 1})
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SampledFrom([]int64{-1, 0, 63, 64, 65, short - 1, short})
		r := stream.Record{Time: 1000 + numbers.Draw(t, "since"), Value: make([]byte, sizes.Draw(t, "value"))}
		if rapid.Bool().Draw(t, "a key") {
			r.Key = make([]byte, sizes.Draw(t, "key"))
		}
		if rapid.Bool().Draw(t, "no value") {
			r.Value = nil
		}
		delta := int32(max(numbers.Draw(t, "delta"), 0)) + 1
		var b Builder
		b.Start(nil)
		b.Append(&stream.Record{Time: 1000})
		before := b.Size()
		b.AppendAt(delta, &r)
		since := r.Time - 1000
		body := 1 + varintLen(since) + varintLen(int64(delta)) + sizeOf(r.Key) + sizeOf(r.Value) + 1
		want := make([]byte, varintLen(int64(body))+body)
		encode(want, body, since, delta, &r)
		if got := b.buf[before:]; string(got) != string(want) {
			t.Fatalf("%x, want %x", got, want)
		}
	})
}
