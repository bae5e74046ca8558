package main

import (
	"testing"
	"time"
)

// generator makes a second of events at the benchmark's first rate.
func generator(events int64) Generator {
	return Generator{Seed: 1, Events: events, Start: time.UnixMilli(1_700_000_000_000), Gap: 100 * time.Microsecond}
}

func TestGenerator_HasTheProportions(t *testing.T) {
	persons, auctions, bids := 0, 0, 0
	for e := range generator(50_000).All() {
		switch {
		case e.Person != nil:
			persons++
		case e.Auction != nil:
			auctions++
		case e.Bid != nil:
			bids++
		}
	}
	if persons != 1000 || auctions != 3000 || bids != 46_000 {
		t.Errorf("%d persons, %d auctions and %d bids", persons, auctions, bids)
	}
}

// The ids of persons and auctions count up without a gap.
func TestGenerator_IDs(t *testing.T) {
	person, auction := int64(firstID), int64(firstID)
	for e := range generator(5000).All() {
		if e.Person != nil {
			if e.Person.ID != person {
				t.Fatalf("person %d, want %d", e.Person.ID, person)
			}
			person++
		}
		if e.Auction != nil {
			if e.Auction.ID != auction {
				t.Fatalf("auction %d, want %d", e.Auction.ID, auction)
			}
			auction++
		}
	}
}

// Half of the bids are on the hot auction, and at most ten ids lie ahead.
func TestGenerator_HotKeys(t *testing.T) {
	hot, bids := 0, 0
	for n := range int64(50_000) {
		b := generator(n + 1).Event(n).Bid
		if b == nil {
			continue
		}
		bids++
		if b.Auction%hotEvery == 0 {
			hot++
		}
		if ahead := b.Auction - firstID - lastAuction(n); ahead > auctionsAhead {
			t.Fatalf("bid %d is on an auction %d ids ahead", n, ahead)
		}
	}
	if share := float64(hot) / float64(bids); share < 0.45 || share > 0.55 {
		t.Errorf("%.2f of the bids are on hot auctions", share)
	}
}

func TestGenerator_IsAFunctionOfItsSeed(t *testing.T) {
	if a, b := generator(1).Event(77), generator(100).Event(77); *a.Bid != *b.Bid {
		t.Errorf("%+v and %+v", a.Bid, b.Bid)
	}
	other := generator(1)
	other.Seed = 2
	if a, b := generator(1).Event(77), other.Event(77); *a.Bid == *b.Bid {
		t.Error("another seed makes the same bid")
	}
}
