//go:build real && unix

package program

import (
	"iter"
	"time"
)

// RunWithLoad injects the faults while another client writes values to the program's
// input, as JSON, rate of them a second, to the partitions in turn. It returns the values
// that were written.
func RunWithLoad[V any](f *Fire, rate int, values iter.Seq[V]) []V {
	f.t.Helper()
	var fed []V
	feed := f.c.Feed(f.input, f.partitions, rate, func(yield func([]byte) bool) {
		for v := range values {
			fed = append(fed, v)
			if !yield(Encode(f.t, v)) {
				return
			}
		}
	})
	f.Inject(Kills(f.t))
	fed = fed[:feed.Stop()]
	if n := f.c.Ends(f.input); n != int64(len(fed)) {
		f.t.Fatalf("%d values were written, but the topic has %d", len(fed), n)
	}
	return fed
}

// WriteToAll writes a value to each partition of the program's input.
func (f *Fire) WriteToAll(value any) {
	f.t.Helper()
	values := make([][]byte, f.partitions)
	for i := range values {
		values[i] = Encode(f.t, value)
	}
	f.c.Write(f.input, f.partitions, values)
}

// Verify waits for as many results as are wanted, stops the program, and compares the
// results. The function returns the committed ones, those of a key in their order.
func Verify[K, R comparable](f *Fire, want map[K]R, results func() map[K][]R) Comparison {
	f.t.Helper()
	f.Within(time.Minute, func() bool { return len(results()) >= len(want) })
	f.stopProgram()
	return Compare(f.t, want, results())
}
