package scheduler

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInstant_IsAsPackageTimeHasIt(t *testing.T) {
	const layout = "2006-01-02T15:04:05.000Z"
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(-62_135_596_800_000, 253_402_300_799_999).Draw(t, "ms") // years 1 to 9999
		want := time.UnixMilli(ms).UTC().Format(layout)
		if ms%1000 == 0 {
			want = time.UnixMilli(ms).UTC().Format(time.RFC3339)
		}
		if got := instant(ms); got != want {
			t.Fatalf("%d: got %s, want %s", ms, got, want)
		}
	})
	for ms, want := range map[int64]string{0: "1970-01-01T00:00:00Z", -1: "1969-12-31T23:59:59.999Z", 951_782_400_000: "2000-02-29T00:00:00Z"} {
		if got := instant(ms); got != want {
			t.Errorf("%d: got %s, want %s", ms, got, want)
		}
	}
}
