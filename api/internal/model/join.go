package model

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/api"
)

// A Join has the pairs of the records of two streams whose keys are equal, and whose event
// times differ by at most Within. Left and Outer joins also have the records without a partner.
type Join struct {
	Within      time.Duration
	Left, Right bool // the sides whose records come out alone
}

func (o Join) String() string {
	kind := map[[2]bool]string{{false, false}: "join", {true, false}: "left join", {true, true}: "outer join"}
	return fmt.Sprintf("%s within %v", kind[[2]bool{o.Left, o.Right}], o.Within)
}

// Timed implements [Operator].
func (o Join) Timed() bool { return true }

func (o Join) pair(l, r *Rec) Rec {
	switch {
	case l == nil:
		return Rec{ID: id("right", r.ID), N: r.N}
	case r == nil:
		return Rec{ID: id("left", l.ID), N: l.N}
	}
	return Rec{ID: id("both", l.ID, r.ID), N: l.N + r.N}
}

// Build implements [Operator].
func (o Join) Build(_ *api.App, name string, in []Stream) Stream {
	other := in[1].Within(o.Within)
	switch {
	case o.Right:
		return in[0].OuterJoin(name, other, o.pair)
	case o.Left:
		return in[0].LeftJoin(name, other, func(l Rec, r *Rec) Rec { return o.pair(&l, r) })
	}
	return in[0].Join(name, other, func(l, r Rec) Rec { return o.pair(&l, &r) })
}

// Interpret implements [Operator].
func (o Join) Interpret(_ *Context, _ string, in [][]Item) []Item {
	var out []Item
	matched := make(map[int]bool) // of the right side
	for _, l := range in[0] {
		alone := true
		for i, r := range in[1] {
			if l.Key != r.Key || max(l.Time, r.Time)-min(l.Time, r.Time) > o.Within.Milliseconds() {
				continue
			}
			alone, matched[i] = false, true
			out = append(out, Item{l.Key, max(l.Time, r.Time), o.pair(&l.Rec, &r.Rec)})
		}
		if alone && o.Left {
			out = append(out, Item{l.Key, l.Time, o.pair(&l.Rec, nil)})
		}
	}
	for i, r := range in[1] {
		if !matched[i] && o.Right {
			out = append(out, Item{r.Key, r.Time, o.pair(nil, &r.Rec)})
		}
	}
	return out
}
