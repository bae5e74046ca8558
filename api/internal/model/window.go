package model

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gretestream/grete/api"
)

// A Window sums the N of each key and window.
type Window struct {
	Text    string
	Windows api.Window
	// Of returns the starts and ends of the windows of the records of one key, of which the
	// event times are given in order.
	Of func(times []int64) []span
}

// A span is a window: [start, end) in ms since 1970.
type span struct{ start, end int64 }

// Tumbling windows follow each other.
func Tumbling(size time.Duration) Window {
	w := Hopping(size, size)
	w.Text, w.Windows = fmt.Sprintf("sum in tumbling windows of %v", size), api.Tumbling(size)
	return w
}

// Hopping windows overlap.
func Hopping(size, every time.Duration) Window {
	return Window{fmt.Sprintf("sum in windows of %v every %v", size, every), api.Hopping(size, every), func(times []int64) []span {
		seen := make(map[span]bool)
		for _, at := range times {
			first := at - at%every.Milliseconds()
			for start := first; start > at-size.Milliseconds(); start -= every.Milliseconds() {
				seen[span{start, start + size.Milliseconds()}] = true
			}
		}
		return slices.Collect(maps.Keys(seen))
	}}
}

// Session windows end when there is no record for a while.
func Session(gap time.Duration) Window {
	return Window{fmt.Sprintf("sum in sessions with a gap of %v", gap), api.Session(gap), func(times []int64) []span {
		var all []span
		for _, at := range times {
			if last := len(all) - 1; last >= 0 && at <= all[last].end {
				all[last].end = at + gap.Milliseconds()
				continue
			}
			all = append(all, span{at, at + gap.Milliseconds()})
		}
		return all
	}}
}

func (o Window) String() string { return o.Text }

// Timed implements [Operator].
func (o Window) Timed() bool { return true }

// Build implements [Operator].
func (o Window) Build(_ *api.App, name string, in []Stream) Stream {
	panes := in[0].Window(name, o.Windows).Sum(func(r Rec) int64 { return r.N })
	return panes.MapValues(func(p api.Pane[string, int64]) Rec { return paneRec(name, p.Key, p.Start, p.Value) })
}

// paneRec is the record of a pane. A second pane of a window would have the same ID.
func paneRec(name, key string, start time.Time, value int64) Rec {
	return Rec{ID: id(name, key, start.UnixMilli()), N: value}
}

// Interpret implements [Operator].
func (o Window) Interpret(_ *Context, name string, in [][]Item) []Item {
	byKey := make(map[string][]Item)
	for _, i := range in[0] {
		byKey[i.Key] = append(byKey[i.Key], i)
	}
	var out []Item
	for key, items := range byKey {
		var times []int64
		for _, i := range items {
			times = append(times, i.Time)
		}
		slices.Sort(times)
		for _, w := range o.Of(times) {
			var sum int64
			for _, i := range items {
				if w.start <= i.Time && i.Time < w.end {
					sum += i.N
				}
			}
			out = append(out, Item{key, w.end - 1, paneRec(name, key, time.UnixMilli(w.start), sum)})
		}
	}
	return out
}
