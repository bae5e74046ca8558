//go:build real && unix

package main

import (
	"encoding/json"
	"iter"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/examples/internal/program"
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
	f := program.Ignite(t, program.Build(t), firePartitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	c := f.Cluster()
	var lines []Line
	feed := c.Feed(input, firePartitions, fireRate, func(yield func([]byte) bool) {
		for l := range fireLines() {
			b, err := json.Marshal(l)
			if err != nil {
				t.Error(err)
			}
			lines = append(lines, l)
			if !yield(b) {
				return
			}
		}
	})
	f.Rage(program.Kills(t))
	lines = lines[:feed.Stop()]
	if n := c.Ends(input); n != int64(len(lines)) {
		t.Fatalf("%d lines were written, and there are %d", len(lines), n)
	}
	closeWindows(t, c, Line{Time: lines[len(lines)-1].Time + time.Hour.Milliseconds()})
	want, skipped := count(lines)
	f.Within(time.Minute, func() bool { return len(rowsOf(t, c.Read(output))) >= len(want) })
	f.Out()
	lost, doubled, wrong := judge(t, rowsOf(t, c.Read(output)), want)
	t.Logf("%d lines, %d of them no edits, %d rows: %d lost, %d doubled, %d wrong; %v", len(lines), skipped, len(want), lost, doubled, wrong, f.Tally)
}

// closeWindows writes a line that is no edit to each partition: of it the job knows
// no more than how late it is.
func closeWindows(t *testing.T, c program.Cluster, last Line) {
	t.Helper()
	var records []*kgo.Record
	for p := range int32(firePartitions) {
		records = append(records, &kgo.Record{Topic: input, Partition: p, Value: encoded(t, []Line{last})[0]})
	}
	c.Produce(records...)
}

// judge counts the rows that aren't as they should be: not there, there more than
// once, or there with something else.
func judge(t *testing.T, got, want []Row) (lost, doubled, wrong int) {
	t.Helper()
	type window struct {
		channel string
		start   int64
	}
	rows := map[window][]Row{}
	for _, r := range got {
		w := window{r.Channel, r.Start}
		rows[w] = append(rows[w], r)
	}
	for _, r := range want {
		w := window{r.Channel, r.Start}
		switch is := rows[w]; {
		case len(is) == 0:
			lost++
		case len(is) > 1:
			doubled++
		case is[0] != r:
			wrong++
		}
		if is := rows[w]; (len(is) != 1 || is[0] != r) && lost+doubled+wrong <= 5 {
			t.Errorf("got %+v, want %+v", is, r)
		}
		delete(rows, w)
	}
	for w := range rows {
		t.Errorf("%v: there are no edits of it", w)
	}
	return lost, doubled, wrong
}
