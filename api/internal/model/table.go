package model

import (
	"time"

	"github.com/gretestream/grete/api"
)

// A Count is the table of the number of records of each key, as the stream of its updates.
type Count struct{}

func (Count) String() string { return "count by key" }

// Timed implements [Operator]: which record makes which count depends on the order of arrival.
func (Count) Timed() bool { return false }

func (Count) rec(name, key string, n int64) Rec { return Rec{ID: id(name, key, n), N: n} }

// Build implements [Operator].
func (o Count) Build(_ *api.App, name string, in []Stream) Stream {
	return in[0].Count(name).Updates().MapWithKey(func(k string, n int64) Rec { return o.rec(name, k, n) })
}

// Interpret implements [Operator].
func (o Count) Interpret(_ *Context, name string, in [][]Item) []Item {
	counts := make(map[string]int64)
	var out []Item
	for _, i := range in[0] {
		counts[i.Key]++
		out = append(out, Item{Key: i.Key, Rec: o.rec(name, i.Key, counts[i.Key])})
	}
	return out
}

// A Dedup lets the first record with each N of a key pass.
type Dedup struct{}

func (Dedup) String() string { return "dedup by n" }

// Timed implements [Operator]: which of several equal records is first depends on the order of
// arrival.
func (Dedup) Timed() bool { return false }

func (Dedup) rec(name, key string, n int64) Rec { return Rec{ID: id(name, key, n), N: n} }

// Build implements [Operator].
func (o Dedup) Build(_ *api.App, name string, in []Stream) Stream {
	first := in[0].DedupBy(name, func(r Rec) int64 { return r.N }, forever)
	return first.MapWithKey(func(k string, r Rec) Rec { return o.rec(name, k, r.N) })
}

// Interpret implements [Operator].
func (o Dedup) Interpret(_ *Context, name string, in [][]Item) []Item {
	type seen struct {
		key string
		n   int64
	}
	had := make(map[seen]bool)
	var out []Item
	for _, i := range in[0] {
		if s := (seen{i.Key, i.N}); !had[s] {
			had[s] = true
			out = append(out, Item{Key: i.Key, Rec: o.rec(name, i.Key, i.N)})
		}
	}
	return out
}

// forever is longer than the records of any run.
const forever = 1000 * time.Hour
