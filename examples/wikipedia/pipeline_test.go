package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gretestream/grete/api/apitest"
)

// However the job is divided, it counts what the ten lines of count count.
func TestPipelineCountsRight(t *testing.T) {
	inputs := map[string][]Line{"generated": generate(2, 3000)}
	if lines := realEdits(t); lines != nil {
		inputs["real"] = lines
	}
	for name, lines := range inputs {
		want, _ := count(lines)
		for _, o := range []apitest.Options{{Partitions: 1, Containers: 1}, {Partitions: 4, Containers: 3}, {Partitions: 8, Containers: 1}} {
			t.Run(fmt.Sprintf("%s, %d partitions, %d containers", name, o.Partitions, o.Containers), func(t *testing.T) {
				x := apitest.New(t, pipeline(), o)
				var got []Row
				for chunk := range slices.Chunk(lines, 50) {
					x.Send(input, chunk...)
					if len(got)%3 == 0 {
						x.Restart() // in the midst of it
					}
					// Processed to the end, so that windows close meanwhile.
					got = append(got, x.Output[Row](output)...)
				}
				x.End()
				got = append(got, x.Output[Row](output)...)
				sortRows(got)
				if !slices.Equal(got, want) {
					t.Errorf("got %d rows, want %d; the first that differs: %s", len(got), len(want), difference(got, want))
				}
			})
		}
	}
}

// A window is written when the feed is half a minute past it, and not before.
func TestWindowIsWrittenOnce(t *testing.T) {
	at := func(second int64) Line {
		return Line{Raw: "[[A]]  u * U * (+1) s", Time: second * 1000, Channel: "#c"}
	}
	x := apitest.New(t, pipeline())
	x.Send(input, at(100), at(139), at(109))
	x.Expect[Row](output)
	x.Send(input, at(140))
	x.Expect(output, Row{Channel: "#c", Start: 100_000, Edits: 2, Bytes: 2, Titles: 1})
	x.Send(input, at(109))
	x.Expect[Row](output)
}

func difference(got, want []Row) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%+v, want %+v", got[i], want[i])
		}
	}
	return "one is the beginning of the other"
}
