// Totals keeps the balance of each account, and writes it after each payment. It shows state
// without windows: a value for each key, and a function that computes the next one.
//
//	echo '{"id":1,"account":"ada","amount":500}' | go run ./examples/totals -feed payments=- -once -print balances -data .grete/totals
//
// A second run with the same -data continues from these balances.
package main

import "github.com/gretestream/grete/api"

// A Payment is a record of the input topic.
type Payment struct {
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Amount  int64  `json:"amount"` // cents; negative for a withdrawal
}

// A Balance is a record of the output topic, and the state of an account.
type Balance struct {
	Account  string `json:"account"`
	Cents    int64  `json:"cents"`
	Payments int64  `json:"payments"` // so far
	Last     int64  `json:"last"`     // the id of the latest payment
}

// After returns the balance after another payment.
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
