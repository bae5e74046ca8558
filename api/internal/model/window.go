package model

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/api"
)

// A Tumbling window sums the N of each key and window.
type Tumbling struct{ Size time.Duration }

func (o Tumbling) String() string { return fmt.Sprintf("sum in tumbling windows of %v", o.Size) }

// Timed implements [Operator].
func (o Tumbling) Timed() bool { return true }

// Build implements [Operator].
func (o Tumbling) Build(_ *api.App, name string, in []Stream) Stream {
	panes := in[0].Window(name, api.Tumbling(o.Size)).Sum(func(r Rec) int64 { return r.N })
	return panes.MapValues(func(p api.Pane[string, int64]) Rec { return paneRec(name, p.Key, p.Start, p.Value) })
}

// paneRec is the record of a pane. A second pane of a window would have the same ID.
func paneRec(name, key string, start time.Time, value int64) Rec {
	return Rec{ID: id(name, key, start.UnixMilli()), N: value}
}

// Interpret implements [Operator].
func (o Tumbling) Interpret(_ *Context, name string, in [][]Item) []Item {
	type window struct {
		key   string
		start int64
	}
	size := o.Size.Milliseconds()
	sums := make(map[window]int64)
	for _, i := range in[0] {
		sums[window{i.Key, i.Time - i.Time%size}] += i.N
	}
	var out []Item
	for w, sum := range sums {
		out = append(out, Item{w.key, w.start + size - 1, paneRec(name, w.key, time.UnixMilli(w.start), sum)})
	}
	return out
}
