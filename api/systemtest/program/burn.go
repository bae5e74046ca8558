//go:build real && unix

package program

import (
	"iter"
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
			if !yield(Encoded(f.t, v)) {
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
		values[i] = Encoded(f.t, value)
	}
	f.c.Write(f.input, f.partitions, values)
}

// Judge waits until there are results for all that is wanted, has the program end,
// and compares them. results are the committed ones, in their order.
func Judge[K, R comparable](f *Fire, want map[K]R, results func() map[K][]R) Verdict {
	f.t.Helper()
	f.Within(time.Minute, func() bool { return len(results()) >= len(want) })
	f.Out()
	return Compare(f.t, want, results())
}
