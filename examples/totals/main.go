// Totals keeps the balance of each account, and writes the new one after each
// payment. Windows aside, that is all there is to state: a value for each key, and a
// function that makes the next one of it.
//
//	echo '{"id":1,"account":"ada","amount":500}' | go run ./examples/totals -feed payments=- -once -print balances -data .grete/totals
//
// Run again with the same -data, it goes on from the balances that it has written.
package main

import "github.com/gretestream/grete/api"

// A Payment is a record of the input topic.
type Payment struct {
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Amount  int64  `json:"amount"` // cents; below 0 it is taken out
}

// A Balance is a record of the output topic, and what is kept of an account.
type Balance struct {
	Account  string `json:"account"`
	Cents    int64  `json:"cents"`
	Payments int64  `json:"payments"` // that made it
	Last     int64  `json:"last"`     // the id of the latest of them
}

// After is the balance after one more payment.
func (b Balance) After(p Payment) Balance {
	return Balance{Account: p.Account, Cents: b.Cents + p.Amount, Payments: b.Payments + 1, Last: p.ID}
}

func main() { pipeline().Main() }

func pipeline() *api.App {
	app := api.New("totals")
	app.From[Payment]("payments").
		PartitionBy("by-account", func(p Payment) string { return p.Account }).
		Fold("balance", Balance.After).
		To("balances")
	return app
}
