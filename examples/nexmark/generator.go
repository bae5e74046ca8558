package main

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// The proportions of the benchmark's definition: of 50 events one is a person, three are
// auctions, and the others bids.
const (
	personShare  = 1
	auctionShare = 3
	allShares    = 50

	firstID       = 1000 // of persons and auctions
	firstCategory = 10
	categories    = 5

	// Most auctions are of a few sellers, most bids are on a few auctions and by a few
	// bidders: the latest that end in 00 (01 for bidders).
	hotEvery         = 100
	hotAuctionRatio  = 2 // one in 2 bids isn't on the hot auction
	hotSellerRatio   = 4
	hotBidderRatio   = 4
	activePeople     = 1000
	inFlightAuctions = 100
	personsAhead     = 10 // ids that don't exist yet may be named already
	auctionsAhead    = 10
)

// A Generator makes the events of the Nexmark benchmark: a pure function of its fields.
// The definition is that of Apache Beam's generator: the types of events, their
// proportions, and which ids are hot. Texts are shorter.
type Generator struct {
	Seed   uint64
	Events int64
	Start  time.Time
	Gap    time.Duration // of event time between two events
}

// All generates the events in order of their time.
func (g Generator) All() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for n := range g.Events {
			if !yield(g.Event(n)) {
				return
			}
		}
	}
}

// Event returns the event of a number, 0 and up.
func (g Generator) Event(n int64) Event {
	rnd := rand.New(rand.NewPCG(g.Seed, uint64(n)))
	switch at, place := g.at(n), n%allShares; {
	case place < personShare:
		return Event{Person: person(rnd, n, at)}
	case place < personShare+auctionShare:
		return Event{Auction: g.auction(rnd, n, at)}
	default:
		return Event{Bid: bid(rnd, n, at)}
	}
}

func (g Generator) at(n int64) time.Time { return g.Start.Add(time.Duration(n) * g.Gap).UTC() }

// lastPerson is the number of the latest person as of an event, 0 and up.
func lastPerson(n int64) int64 { return n / allShares * personShare }

// lastAuction is the number of the latest auction as of an event; -1 if there is none yet.
func lastAuction(n int64) int64 {
	round, place := n/allShares, n%allShares
	if place < personShare {
		return round*auctionShare - 1
	}
	return round*auctionShare + min(place-personShare, auctionShare-1)
}

func person(rnd *rand.Rand, n int64, at time.Time) *Person {
	first, last := pick(rnd, firstNames()), pick(rnd, lastNames())
	return &Person{
		ID: firstID + lastPerson(n), Name: first + " " + last, Email: fmt.Sprintf("%s.%s@example.com", first, last),
		CreditCard: fmt.Sprintf("%04d %04d %04d %04d", rnd.IntN(10000), rnd.IntN(10000), rnd.IntN(10000), rnd.IntN(10000)),
		City:       pick(rnd, cities()), State: pick(rnd, states()), At: at,
	}
}

func (g Generator) auction(rnd *rand.Rand, n int64, at time.Time) *Auction {
	seller := somePerson(rnd, n)
	if rnd.IntN(hotSellerRatio) > 0 {
		seller = lastPerson(n) / hotEvery * hotEvery
	}
	initial := price(rnd)
	// As long as about 100 auctions take to be opened, on average.
	horizon := time.Duration(inFlightAuctions*allShares/auctionShare) * g.Gap
	return &Auction{
		ID: firstID + lastAuction(n), Item: pick(rnd, items()), Description: pick(rnd, items()) + " as new",
		InitialBid: initial, Reserve: initial + price(rnd), At: at,
		Expires: at.Add(time.Millisecond + time.Duration(rnd.Int64N(max(1, 2*horizon.Milliseconds())))*time.Millisecond),
		Seller:  firstID + seller, Category: firstCategory + rnd.Int64N(categories),
	}
}

func bid(rnd *rand.Rand, n int64, at time.Time) *Bid {
	last := lastAuction(n)
	auction := last / hotEvery * hotEvery
	if rnd.IntN(hotAuctionRatio) == 0 {
		first := max(last-inFlightAuctions, 0)
		auction = first + rnd.Int64N(last-first+1+auctionsAhead)
	}
	bidder := somePerson(rnd, n)
	if rnd.IntN(hotBidderRatio) > 0 {
		bidder = lastPerson(n)/hotEvery*hotEvery + 1
	}
	return &Bid{Auction: firstID + auction, Bidder: firstID + bidder, Price: price(rnd), At: at}
}

// somePerson returns the number of one of the active people, or of one who is about to register.
func somePerson(rnd *rand.Rand, n int64) int64 {
	people := lastPerson(n) + 1
	active := min(people, activePeople)
	return people - active + rnd.Int64N(active+personsAhead)
}

// price is a price in cents: as many in each order of magnitude, up to a million.
func price(rnd *rand.Rand) int64 { return int64(math.Round(math.Pow(10, 6*rnd.Float64()) * 100)) }

func pick(rnd *rand.Rand, from []string) string { return from[rnd.IntN(len(from))] }
