package api_test

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

type Account struct {
	Country string
	Cents   int64
}

// The number of accounts of each country is right whatever an account changes to.
func ExampleTable_GroupBy() {
	app := api.New("bank")
	app.Table[string, Account]("accounts").
		GroupBy("by-country", func(_ string, a Account) string { return a.Country }).
		Count("per-country").
		To("accounts-per-country")

	x := apitest.New(exampleTB{}, app)
	x.SendKeyed("accounts", "ada", Account{Country: "uk"})
	x.SendKeyed("accounts", "bob", Account{Country: "uk"})
	x.SendKeyed("accounts", "ada", Account{Country: "fr"}) // moves
	x.SendTombstone("accounts", "bob")
	for _, r := range x.OutputKeyed[string, int64]("accounts-per-country") {
		if r.Value == nil {
			fmt.Println(r.Key, "has none")
			continue
		}
		fmt.Println(r.Key, *r.Value)
	}
	x.Crash()
	// Output:
	// uk 1
	// uk 2
	// uk 1
	// fr 1
	// uk has none
}

// The accounts with money are a table, too: one that has none any more is deleted.
func ExampleTable_Filter() {
	app := api.New("bank")
	rich := app.Table[string, Account]("accounts").Filter(func(a Account) bool { return a.Cents > 0 })
	api.Changes(rich).Map(func(c api.Change[Account]) string {
		switch {
		case c.Old == nil:
			return "is rich now"
		case c.New == nil:
			return "was rich"
		}
		return "is still rich"
	}).To("news")

	x := apitest.New(exampleTB{}, app)
	for _, cents := range []int64{0, 100, 50, 0} {
		x.SendKeyed("accounts", "ada", Account{Cents: cents})
	}
	fmt.Println(x.Output[string]("news"))
	x.Crash()
	// Output: [is rich now is still rich was rich]
}

// The last view of a user is forgotten an hour later.
func ExampleKeyedStream_Latest() {
	app := api.New("pageviews")
	app.FromKeyed[string, PageView]("views", api.EventTime(func(v PageView) time.Time { return v.At }).Disorder(0)).
		Latest("last", api.TTL[PageView](time.Hour)).
		MapValues(func(v PageView) string { return v.Page }).
		To("last-page")

	x := apitest.New(exampleTB{}, app)
	noon := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	x.SendKeyed("views", "ada", PageView{Page: "/a", At: noon})
	x.SendKeyed("views", "ada", PageView{Page: "/b", At: noon.Add(time.Minute)})
	x.SendKeyed("views", "bob", PageView{Page: "/c", At: noon.Add(2 * time.Hour)})
	for _, r := range x.OutputKeyed[string, string]("last-page") {
		if r.Value == nil {
			fmt.Println(r.Key, "left")
			continue
		}
		fmt.Println(r.Key, *r.Value)
	}
	x.Crash()
	// Output:
	// ada /a
	// ada /b
	// bob /c
	// ada left
}
