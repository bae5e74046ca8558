package main

import (
	"slices"
	"time"

	"github.com/gretestream/grete/api"
)

// queries returns the queries by their numbers.
func queries() map[int]func(api.Stream[Event]) {
	return map[int]func(api.Stream[Event]){
		0: passThrough, 1: currencies, 2: selection, 3: localItems, 5: hotItems, 7: highestBid, 8: newSellers,
	}
}

func bids(events api.Stream[Event]) api.Stream[Bid] {
	return events.Filter(func(e Event) bool { return e.Bid != nil }).Map(func(e Event) Bid { return *e.Bid })
}

func auctions(events api.Stream[Event]) api.Stream[Auction] {
	return events.Filter(func(e Event) bool { return e.Auction != nil }).Map(func(e Event) Auction { return *e.Auction })
}

func persons(events api.Stream[Event]) api.Stream[Person] {
	return events.Filter(func(e Event) bool { return e.Person != nil }).Map(func(e Event) Person { return *e.Person })
}

// passThrough is query 0: it measures the cost of reading and writing.
func passThrough(events api.Stream[Event]) { events.To(output) }

// currencies is query 1: the bids in euros.
func currencies(events api.Stream[Event]) {
	bids(events).Map(Bid.inEuros).To(output)
}

func (b Bid) inEuros() Bid {
	b.Price = b.Price * 89 / 100
	return b
}

// selection is query 2: the bids on a few auctions.
func selection(events api.Stream[Event]) {
	bids(events).Filter(func(b Bid) bool { return b.Auction%123 == 0 }).To(output)
}

// A LocalItem is a result of query 3.
type LocalItem struct {
	Seller  string `json:"seller"`
	City    string `json:"city"`
	State   string `json:"state"`
	Auction int64  `json:"auction"`
}

// localItems is query 3: who sells in some category and some states? The benchmark joins all
// auctions with all persons; here an auction and its seller have a day to meet.
func localItems(events api.Stream[Event]) {
	local := persons(events).
		Filter(func(p Person) bool { return slices.Contains([]string{"OR", "ID", "CA"}, p.State) }).
		PartitionBy("persons", func(p Person) int64 { return p.ID })
	auctions(events).
		Filter(func(a Auction) bool { return a.Category == firstCategory }).
		PartitionBy("sellers", func(a Auction) int64 { return a.Seller }).
		Join("local", local.Within(24*time.Hour), func(a Auction, p Person) LocalItem {
			return LocalItem{p.Name, p.City, p.State, a.ID}
		}).
		To(output)
}

// HotItems are a result of query 5: the auctions with the most bids of a window.
type HotItems struct {
	Start    int64   `json:"start"` // of the window, in ms since 1970
	Auctions []int64 `json:"auctions"`
	Bids     int64   `json:"bids"`
}

// hotItems is query 5: which auctions have had the most bids in the last ten seconds? It is
// answered every two seconds.
func hotItems(events api.Stream[Event]) {
	bids(events).
		PartitionBy("by-auction", func(b Bid) int64 { return b.Auction }).
		Window("bids", api.Hopping(10*time.Second, 2*time.Second)).
		Count().
		PartitionBy("by-window", func(p api.Pane[int64, int64]) int64 { return p.Start.UnixMilli() }).
		Window("hottest", api.Tumbling(2*time.Second)).
		Fold(HotItems.add).
		MapValues(func(p api.Pane[int64, HotItems]) HotItems { return p.Value.sorted() }).
		To(output)
}

func (h HotItems) add(p api.Pane[int64, int64]) HotItems {
	switch {
	case p.Value > h.Bids:
		return HotItems{Start: p.Start.UnixMilli(), Auctions: []int64{p.Key}, Bids: p.Value}
	case p.Value == h.Bids:
		h.Auctions = append(h.Auctions, p.Key)
	}
	return h
}

func (h HotItems) sorted() HotItems {
	slices.Sort(h.Auctions)
	return h
}

// highestBid is query 7: the highest bid of each ten seconds. The auctions' highest bids come
// first, so that not all bids go to one task.
func highestBid(events api.Stream[Event]) {
	highest := func(a, b Bid) Bid {
		if b.Price > a.Price || b.Price == a.Price && b.At.Before(a.At) {
			return b
		}
		return a
	}
	ofAuction := bids(events).
		PartitionBy("by-auction", func(b Bid) int64 { return b.Auction }).
		Window("of-auction", api.Tumbling(10*time.Second))
	ofAll := api.ReduceWindow(ofAuction, highest).
		Map(func(p api.Pane[int64, Bid]) Bid { return p.Value }).
		PartitionBy("all", func(Bid) string { return "all" }).
		Window("of-all", api.Tumbling(10*time.Second))
	api.ReduceWindow(ofAll, highest).MapValues(func(p api.Pane[string, Bid]) Bid { return p.Value }).To(output)
}

// A NewSeller is a result of query 8.
type NewSeller struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Start    int64  `json:"start"` // of the window, in ms since 1970
	Auctions int64  `json:"auctions"`
}

// newSellers is query 8: who has opened auctions in the ten seconds in which they registered?
func newSellers(events api.Stream[Event]) {
	events.
		Filter(func(e Event) bool { return e.Bid == nil }).
		PartitionBy("by-person", Event.person).
		Window("first-seconds", api.Tumbling(10*time.Second)).
		Fold(NewSeller.add).
		Filter(func(p api.Pane[int64, NewSeller]) bool { return p.Value.ID != 0 && p.Value.Auctions > 0 }).
		MapValues(func(p api.Pane[int64, NewSeller]) NewSeller {
			p.Value.Start = p.Start.UnixMilli()
			return p.Value
		}).
		To(output)
}

// person is the person who registers, or who sells.
func (e Event) person() int64 {
	if e.Person != nil {
		return e.Person.ID
	}
	return e.Auction.Seller
}

func (n NewSeller) add(e Event) NewSeller {
	if e.Person != nil {
		n.ID, n.Name = e.Person.ID, e.Person.Name
	} else {
		n.Auctions++
	}
	return n
}
