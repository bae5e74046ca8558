package model

import (
	"fmt"
	"slices"
	"time"

	"github.com/gretestream/grete/api"
)

// Disorder is how far the records of an input may be out of order.
const Disorder = 5 * time.Second

// An Input reads a topic that is partitioned by its keys.
type Input struct{ Topic string }

func (o Input) String() string { return "from " + o.Topic }

// Timed implements [Operator].
func (o Input) Timed() bool { return true }

// Build implements [Operator].
func (o Input) Build(app *api.App, _ string, _ []Stream) Stream {
	at := func(r Rec) time.Time { return time.UnixMilli(r.At) }
	return app.FromKeyed[string](o.Topic, api.EventTime(at).Disorder(Disorder))
}

// Interpret implements [Operator].
func (o Input) Interpret(c *Context, _ string, _ [][]Item) []Item { return c.Inputs[o.Topic] }

// A Filter keeps the records whose N isn't a multiple of Mod.
type Filter struct{ Mod int64 }

func (o Filter) String() string { return fmt.Sprintf("filter n%%%d != 0", o.Mod) }

// Timed implements [Operator].
func (o Filter) Timed() bool     { return true }
func (o Filter) keep(r Rec) bool { return r.N%o.Mod != 0 }

// Build implements [Operator].
func (o Filter) Build(_ *api.App, _ string, in []Stream) Stream { return in[0].Filter(o.keep) }

// Interpret implements [Operator].
func (o Filter) Interpret(_ *Context, _ string, in [][]Item) []Item {
	return slices.DeleteFunc(slices.Clone(in[0]), func(i Item) bool { return !o.keep(i.Rec) })
}

// A MapValues changes each record's N.
type MapValues struct{ Factor, Add int64 }

func (o MapValues) String() string { return fmt.Sprintf("map n*%d+%d", o.Factor, o.Add) }

// Timed implements [Operator].
func (o MapValues) Timed() bool { return true }

func (o MapValues) change(r Rec) Rec {
	r.N = r.N*o.Factor + o.Add
	return r
}

// Build implements [Operator].
func (o MapValues) Build(_ *api.App, _ string, in []Stream) Stream { return in[0].MapValues(o.change) }

// Interpret implements [Operator].
func (o MapValues) Interpret(_ *Context, _ string, in [][]Item) []Item {
	out := slices.Clone(in[0])
	for i := range out {
		out[i].Rec = o.change(out[i].Rec)
	}
	return out
}

// A Merge has the records of several streams. It gives them new IDs, as a stream may be
// merged with one that has the same records.
type Merge struct{}

func (Merge) String() string { return "merge" }

// Timed implements [Operator].
func (Merge) Timed() bool { return true }

func (Merge) change(side int) func(Rec) Rec {
	return func(r Rec) Rec {
		r.ID = id(r.ID, side)
		return r
	}
}

// Build implements [Operator].
func (o Merge) Build(_ *api.App, _ string, in []Stream) Stream {
	var all []Stream
	for i, s := range in {
		all = append(all, s.MapValues(o.change(i)))
	}
	return all[0].Merge(all[1:]...)
}

// Interpret implements [Operator].
func (o Merge) Interpret(_ *Context, _ string, in [][]Item) []Item {
	var out []Item
	for side, items := range in {
		for _, i := range items {
			i.Rec = o.change(side)(i.Rec)
			out = append(out, i)
		}
	}
	return out
}

// A PartitionBy gives each record one of a few keys, by its N.
type PartitionBy struct{ Keys int64 }

func (o PartitionBy) String() string { return fmt.Sprintf("partition by n%%%d", o.Keys) }

// Timed implements [Operator].
func (o PartitionBy) Timed() bool      { return true }
func (o PartitionBy) key(r Rec) string { return fmt.Sprint("k", (r.N%o.Keys+o.Keys)%o.Keys) }

// Build implements [Operator].
func (o PartitionBy) Build(_ *api.App, name string, in []Stream) Stream {
	return in[0].PartitionBy(name, o.key)
}

// Interpret implements [Operator].
func (o PartitionBy) Interpret(_ *Context, _ string, in [][]Item) []Item {
	out := slices.Clone(in[0])
	for i := range out {
		out[i].Key = o.key(out[i].Rec)
	}
	return out
}
