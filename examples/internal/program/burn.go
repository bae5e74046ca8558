//go:build real && unix

package program

import (
	"encoding/json"
	"fmt"
	"iter"
	"testing"
	"time"
)

// Burn has a fire rage while another client writes so many values a second to the
// program's input, as JSON, and returns what it has written. They go to the
// partitions in turn.
func Burn[V any](f *Fire, rate int, values iter.Seq[V]) []V {
	f.t.Helper()
	var fed []V
	feed := f.c.Feed(f.input, f.partitions, rate, func(yield func([]byte) bool) {
		for v := range values {
			fed = append(fed, v)
			if !yield(encoded(f.t, v)) {
				return
			}
		}
	})
	f.Rage(Kills(f.t))
	fed = fed[:feed.Stop()]
	if n := f.c.Ends(f.input); n != int64(len(fed)) {
		f.t.Fatalf("%d values were written, and there are %d", len(fed), n)
	}
	return fed
}

// WriteToAll writes a value to each partition of the program's input.
func (f *Fire) WriteToAll(value any) {
	f.t.Helper()
	values := make([][]byte, f.partitions)
	for i := range values {
		values[i] = encoded(f.t, value)
	}
	f.c.Write(f.input, f.partitions, values)
}

func encoded(t testing.TB, value any) []byte {
	b, err := json.Marshal(value)
	if err != nil {
		t.Error(err)
	}
	return b
}

// A Verdict counts the results that aren't as they should be.
type Verdict struct{ Of, Lost, Doubled, Wrong, Odd int }

func (v Verdict) String() string {
	return fmt.Sprintf("%d results: %d lost, %d doubled, %d wrong, %d of nothing", v.Of, v.Lost, v.Doubled, v.Wrong, v.Odd)
}

// Judge waits until there are results for all that is wanted, has the program end,
// and compares them. results are the committed ones, in their order.
func Judge[K, R comparable](f *Fire, want map[K]R, results func() map[K][]R) Verdict {
	f.t.Helper()
	f.Within(time.Minute, func() bool { return len(results()) >= len(want) })
	f.Out()
	got := results()
	v := compare(got, want, func(k K, got []R, want any) {
		f.t.Errorf("%v: got %v, want %v", k, got, want)
	})
	if v != (Verdict{Of: len(want)}) {
		f.t.Errorf("%v", v)
	}
	return v
}

// maxShown is how many of the results that aren't as they should be are shown.
const maxShown = 5

func compare[K, R comparable](got map[K][]R, want map[K]R, show func(key K, got []R, want any)) Verdict {
	v := Verdict{Of: len(want)}
	for k, r := range want {
		switch is := got[k]; {
		case len(is) == 0:
			v.Lost++
		case len(is) > 1:
			v.Doubled++
		case is[0] != r:
			v.Wrong++
		default:
			continue
		}
		if v.Lost+v.Doubled+v.Wrong <= maxShown {
			show(k, got[k], r)
		}
	}
	for k, is := range got {
		if _, ok := want[k]; ok {
			continue
		}
		if v.Odd++; v.Odd <= maxShown {
			show(k, is, "none")
		}
	}
	return v
}
