//go:build real && unix

package wikipedia

import (
	"iter"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
)

const (
	firePartitions = 4
	fireRate       = 2000 // lines a second
)

// fireLines makes lines without end: blocks of generated lines, each later than the one
// before.
func fireLines() iter.Seq[Line] {
	const block, lasts = 1000, 1000*400 + 2*disorder
	return func(yield func(Line) bool) {
		for n := uint64(0); ; n++ {
			for _, l := range generate(n, block) {
				l.Time += int64(n) * lasts
				if !yield(l) {
					return
				}
			}
		}
	}
}

func TestUnderFire_WritesEachRowOnce(t *testing.T) {
	f := program.StartFire(t, program.Build(t, "wikipedia"), firePartitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	lines := program.RunWithLoad(f, fireRate, fireLines())
	// A later line closes all windows. It is no edit, so it is in none.
	f.WriteToAll(Line{Time: lines[len(lines)-1].Time + time.Hour.Milliseconds()})
	rows, skipped := count(lines)
	want := make(map[window]Row)
	for _, r := range rows {
		want[windowOf(r)] = r
	}
	comparison := program.Verify(f, want, func() map[window][]Row { return byWindow(rowsOf(t, f.Cluster().Read(output))) })
	t.Logf("%d lines, %d of them no edits, %v; %v", len(lines), skipped, comparison, f.Counts)
}

func byWindow(rows []Row) map[window][]Row {
	all := make(map[window][]Row)
	for _, r := range rows {
		all[windowOf(r)] = append(all[windowOf(r)], r)
	}
	return all
}
