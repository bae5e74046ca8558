package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// A window is written once, when event time is half a minute past its end.
func TestPipeline_WritesAWindowOnce(t *testing.T) {
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

func TestStats_SurviveTheStore(t *testing.T) {
	add := func(s Stats, stored bool) Stats {
		for _, title := range []string{"a", "b", "a", "not \xff UTF-8", "not \xff UTF-8", "not \uFFFD UTF-8"} {
			s = s.Add(Edit{Title: title, Bytes: -2, Minor: true, Bot: title == "a", New: title == "b"})
			if !stored {
				continue
			}
			b, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			s = Stats{}
			if err := json.Unmarshal(b, &s); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	want := Row{Channel: "#c", Start: 5000, Edits: 6, Bytes: -12, Titles: 3, Minor: 6, Bots: 2, New: 1}
	for _, stored := range []bool{false, true} {
		pane := api.Pane[string, Stats]{Key: "#c", Start: time.UnixMilli(5000), Value: add(Stats{}, stored)}
		if got := RowOf(pane); got != want {
			t.Errorf("stored: %v: got %+v, want %+v", stored, got, want)
		}
	}
}
