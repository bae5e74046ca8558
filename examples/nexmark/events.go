package main

import "time"

// An Event is one event of the auction site: exactly one of its fields is set.
type Event struct {
	Person  *Person  `json:"person,omitempty"`
	Auction *Auction `json:"auction,omitempty"`
	Bid     *Bid     `json:"bid,omitempty"`
}

// A Person has registered, to sell or to bid.
type Person struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	Email      string    `json:"email"`
	CreditCard string    `json:"creditCard"`
	City       string    `json:"city"`
	State      string    `json:"state"`
	At         time.Time `json:"at"`
}

// An Auction was opened by its seller.
type Auction struct {
	ID          int64     `json:"id"`
	Item        string    `json:"item"`
	Description string    `json:"description"`
	InitialBid  int64     `json:"initialBid"` // cents
	Reserve     int64     `json:"reserve"`    // cents
	At          time.Time `json:"at"`
	Expires     time.Time `json:"expires"`
	Seller      int64     `json:"seller"`   // a person
	Category    int64     `json:"category"` // 10 to 14
}

// A Bid was made by a person on an auction.
type Bid struct {
	Auction int64     `json:"auction"`
	Bidder  int64     `json:"bidder"`
	Price   int64     `json:"price"` // cents
	At      time.Time `json:"at"`
}

// Time is the event time.
func (e Event) Time() time.Time {
	switch {
	case e.Person != nil:
		return e.Person.At
	case e.Auction != nil:
		return e.Auction.At
	case e.Bid != nil:
		return e.Bid.At
	}
	return time.Time{}
}
