//go:build real || rocksdb

package totals

import (
	"fmt"
	"iter"
	"math/rand/v2"
)

// A Payment is a record of the program's input.
type Payment struct {
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Amount  int64  `json:"amount"` // cents; negative for a withdrawal
}

// A Balance is a record of its output: that of an account after a payment.
type Balance struct {
	Account  string `json:"account"`
	Cents    int64  `json:"cents"`
	Payments int64  `json:"payments"` // so far
	Last     int64  `json:"last"`     // the id of the latest payment
}

const (
	input  = "payments"
	output = "balances"

	partitions = 4
)

// payments makes payments without end. If they go to the partitions of the input in turn,
// each account is in one partition. So its payments have one order, and there is one right
// balance after each.
func payments(partitions, accounts int) iter.Seq[Payment] {
	return func(yield func(Payment) bool) {
		r := rand.New(rand.NewPCG(11, 0))
		for id := int64(0); ; id++ {
			n := partitions*r.IntN(accounts/partitions) + int(id)%partitions
			if !yield(Payment{ID: id, Account: fmt.Sprintf("account-%d", n), Amount: r.Int64N(20_000) - 8000}) {
				return
			}
		}
	}
}

// balancesAfter returns the right balance after each payment, by the payment's id.
func balancesAfter(paid []Payment) map[int64]Balance {
	now, after := make(map[string]Balance), make(map[int64]Balance)
	for _, p := range paid {
		b := now[p.Account]
		b = Balance{p.Account, b.Cents + p.Amount, b.Payments + 1, p.ID}
		now[p.Account], after[p.ID] = b, b
	}
	return after
}

// byPayment returns the balances that were written after each payment, by its id.
func byPayment(all []Balance) map[int64][]Balance {
	after := make(map[int64][]Balance)
	for _, b := range all {
		after[b.Last] = append(after[b.Last], b)
	}
	return after
}
