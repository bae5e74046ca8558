package main

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// slow makes events of a minute, so that there are several windows.
func slow() Generator {
	return Generator{Seed: 7, Events: 6000, Start: time.UnixMilli(1_700_000_000_000), Gap: 10 * time.Millisecond}
}

// expect runs a query to its end, with a restart on the way, and compares the results in any order.
func expect[R any](t *testing.T, query func(api.Stream[Event]), want []R) {
	t.Helper()
	for _, partitions := range []int32{1, 3} {
		x := apitest.New(t, pipeline(query, slow().All()), apitest.Options{Partitions: partitions, Containers: 2})
		x.Generate("events", slow().Events/2)
		x.Restart()
		x.Generate("events", slow().Events)
		x.End()
		got := texts(x.Output[R](output))
		if want := texts(want); !slices.Equal(got, want) {
			t.Fatalf("%d results, want %d\n got %.1000q\nwant %.1000q", len(got), len(want), got, want)
		}
		if len(got) < 3 {
			t.Fatalf("only %d results", len(got))
		}
	}
}

func texts[R any](all []R) []string {
	var out []string
	for _, r := range all {
		text, _ := json.Marshal(r)
		out = append(out, string(text))
	}
	slices.Sort(out)
	return out
}

func allBids() iter.Seq[Bid] {
	return func(yield func(Bid) bool) {
		for e := range slow().All() {
			if e.Bid != nil && !yield(*e.Bid) {
				return
			}
		}
	}
}

func TestQuery0_PassesAllEvents(t *testing.T) {
	expect(t, passThrough, slices.Collect(slow().All()))
}

func TestQuery1_ChangesThePrices(t *testing.T) {
	var want []Bid
	for b := range allBids() {
		b.Price = b.Price * 89 / 100
		want = append(want, b)
	}
	expect(t, currencies, want)
}

func TestQuery2_SelectsAuctions(t *testing.T) {
	var want []Bid
	for b := range allBids() {
		if b.Auction%123 == 0 {
			want = append(want, b)
		}
	}
	expect(t, selection, want)
}

func TestQuery3_JoinsAuctionsWithTheirSellers(t *testing.T) {
	people := make(map[int64]Person)
	for e := range slow().All() {
		if e.Person != nil {
			people[e.Person.ID] = *e.Person
		}
	}
	var want []LocalItem
	for e := range slow().All() {
		if a := e.Auction; a != nil && a.Category == 10 {
			if p := people[a.Seller]; p.State == "OR" || p.State == "ID" || p.State == "CA" {
				want = append(want, LocalItem{p.Name, p.City, p.State, a.ID})
			}
		}
	}
	expect(t, localItems, want)
}

func TestQuery5_FindsTheHottestAuctions(t *testing.T) {
	const size, every = 10_000, 2000 // ms
	counts := make(map[int64]map[int64]int64)
	for b := range allBids() {
		at := b.At.UnixMilli()
		for start := at - at%every; start > at-size; start -= every {
			if counts[start] == nil {
				counts[start] = make(map[int64]int64)
			}
			counts[start][b.Auction]++
		}
	}
	var want []HotItems
	for start, auctions := range counts {
		most := slices.Max(slices.Collect(maps.Values(auctions)))
		h := HotItems{Start: start, Bids: most}
		for auction, n := range auctions {
			if n == most {
				h.Auctions = append(h.Auctions, auction)
			}
		}
		slices.Sort(h.Auctions)
		want = append(want, h)
	}
	expect(t, hotItems, want)
}

func TestQuery7_FindsTheHighestBid(t *testing.T) {
	windows := make(map[int64][]Bid)
	for b := range allBids() {
		start := b.At.UnixMilli() / 10_000
		windows[start] = append(windows[start], b)
	}
	var want []Bid
	for _, bids := range windows {
		want = append(want, slices.MinFunc(bids, func(a, b Bid) int {
			return cmp.Or(cmp.Compare(b.Price, a.Price), a.At.Compare(b.At))
		}))
	}
	expect(t, highestBid, want)
}

func TestQuery8_FindsNewSellers(t *testing.T) {
	people := make(map[int64]NewSeller)
	for e := range slow().All() {
		if e.Person != nil {
			people[e.Person.ID] = NewSeller{ID: e.Person.ID, Name: e.Person.Name, Start: e.Person.At.UnixMilli() / 10_000 * 10_000}
		}
	}
	for e := range slow().All() {
		if a := e.Auction; a != nil {
			if p, ok := people[a.Seller]; ok && a.At.UnixMilli()/10_000*10_000 == p.Start {
				p.Auctions++
				people[a.Seller] = p
			}
		}
	}
	var want []NewSeller
	for _, p := range people {
		if p.Auctions > 0 {
			want = append(want, p)
		}
	}
	expect(t, newSellers, want)
}

func TestSplit_SeparatesOwnFlags(t *testing.T) {
	own, rest := split([]string{"-kafka", "localhost:9092", "-query", "7", "-events", "10"})
	if !slices.Equal(own, []string{"-query", "7", "-events", "10"}) || !slices.Equal(rest, []string{"-kafka", "localhost:9092"}) {
		t.Errorf("own %q, rest %q", own, rest)
	}
	if got := arguments(1, rest); !slices.Equal(got, []string{"run", "-once", "-kafka", "localhost:9092"}) {
		t.Errorf("arguments %q", got)
	}
	if got := arguments(5, []string{"plan"}); !slices.Equal(got, []string{"plan"}) {
		t.Errorf("arguments %q", got)
	}
}
