package stores

import (
	"bytes"
	"cmp"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/kv/layout"
)

// The entries of a stopped job are those of the changelog: without meta records and
// tombstones, and with the last value of each key.
func TestDump_OfChangelog(t *testing.T) {
	plan, s := programtest.Stage(t, programtest.Words(), 2)
	programtest.Produce(t, s.System, "words-count-changelog", [][3]string{
		{"0", "b", "\x00\x00\x00\x00\x00\x00\x00\x01"}, {"0", "\x00grete.meta\x00", `{"version":2}`}, {"1", "a", "\x00\x00\x00\x00\x00\x00\x00\x07"},
		{"0", "gone", "\x00\x00\x00\x00\x00\x00\x00\x01"}, {"0", "gone", ""}, {"0", "b", "\x00\x00\x00\x00\x00\x00\x00\x02"}, {"1", "b", "\x00\x00\x00\x00\x00\x00\x00\x03"},
	})
	var out bytes.Buffer
	p := newEntryPrinter(&out)
	d := dump{store: "count", memory: 64 << 20, tempDir: program.Console{}.TempDir, show: p.show}
	err := d.job(t.Context(), &remote.Job{Plan: plan, System: s, Group: s}, nil)
	if err := errors.Join(err, p.out.Flush()); err != nil {
		t.Fatal(err)
	}
	if want := `{"key":"a","value":7}` + "\n" + `{"key":"b","value":2}` + "\n" + `{"key":"b","value":3}` + "\n"; out.String() != want {
		t.Errorf("it has\n%s", out.String())
	}
}

func TestAppendOrdered_OrdersByKeyAndTask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 255}), 0, 5)
		task := rapid.Int32Range(0, 300)
		a, b, i, j := key.Draw(t, "a"), key.Draw(t, "b"), task.Draw(t, "i"), task.Draw(t, "j")
		x, y := appendOrdered(nil, a, i), appendOrdered(nil, b, j)
		if got, want := bytes.Compare(x, y), cmp.Or(bytes.Compare(a, b), cmp.Compare(i, j)); got != want {
			t.Fatalf("%q of %d and %q of %d compare as %d, not %d", a, i, b, j, got, want)
		}
		if back, _, err := layout.SplitKey(nil, x); err != nil || !bytes.Equal(back, a) {
			t.Fatalf("%q comes back as %q, %v", a, back, err)
		}
	})
}
