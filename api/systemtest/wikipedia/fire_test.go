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

// fireLines makes lines without end: what generate makes, again and again, each
// time of a later time.
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

// While the program is killed, stopped, copied and robbed of its state, and its
// broker killed, too, it writes each row once, and right.
func TestUnderFire(t *testing.T) {
	f := program.Ignite(t, program.Build(t, "wikipedia"), firePartitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	lines := program.Burn(f, fireRate, fireLines())
	// A line that is no edit closes all windows: of it the job knows no more than how
	// late it is.
	f.WriteToAll(Line{Time: lines[len(lines)-1].Time + time.Hour.Milliseconds()})
	rows, skipped := count(lines)
	want := make(map[window]Row)
	for _, r := range rows {
		want[windowOf(r)] = r
	}
	verdict := program.Judge(f, want, func() map[window][]Row { return byWindow(rowsOf(t, f.Cluster().Read(output))) })
	t.Logf("%d lines, %d of them no edits, %v; %v", len(lines), skipped, verdict, f.Tally)
}

func byWindow(rows []Row) map[window][]Row {
	all := make(map[window][]Row)
	for _, r := range rows {
		all[windowOf(r)] = append(all[windowOf(r)], r)
	}
	return all
}
