//go:build real && unix

package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/examples/internal/program"
)

const (
	input  = "payments"
	output = "balances"

	firePartitions = 4
	fireAccounts   = 60
	fireRate       = 2000 // payments a second
)

// firePayments makes payments without end. Those of an account are all in one
// partition of the input, as they go to the partitions in turn: so there is one
// right order of them, and one right balance after each.
func firePayments() iter.Seq[Payment] {
	return func(yield func(Payment) bool) {
		r := rand.New(rand.NewPCG(11, 0))
		for id := int64(0); ; id++ {
			n := firePartitions*r.IntN(fireAccounts/firePartitions) + int(id%firePartitions)
			if !yield(Payment{ID: id, Account: fmt.Sprintf("account-%d", n), Amount: r.Int64N(20_000) - 8000}) {
				return
			}
		}
	}
}

// balancesAfter are those after each payment.
func balancesAfter(payments []Payment) map[int64]Balance {
	now, after := make(map[string]Balance), make(map[int64]Balance)
	for _, p := range payments {
		b := now[p.Account]
		b = Balance{p.Account, b.Cents + p.Amount, b.Payments + 1, p.ID}
		now[p.Account], after[p.ID] = b, b
	}
	return after
}

// balances are those that were written, those of an account in their order.
func balances(t *testing.T, records []*kgo.Record) []Balance {
	t.Helper()
	all := make([]Balance, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Value, &all[i]); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if all[i].Account != string(r.Key) {
			t.Fatalf("key %q: %s", r.Key, r.Value)
		}
	}
	return all
}

// byPayment are the balances that were written after each payment.
func byPayment(all []Balance) map[int64][]Balance {
	after := make(map[int64][]Balance)
	for _, b := range all {
		after[b.Last] = append(after[b.Last], b)
	}
	return after
}

// inOrder looks whether the balances of each account stand in the order of its
// payments.
func inOrder(t *testing.T, all []Balance) {
	t.Helper()
	payments := make(map[string]int64)
	for _, b := range all {
		if payments[b.Account]++; b.Payments != payments[b.Account] {
			t.Fatalf("%+v comes as number %d of its account", b, payments[b.Account])
		}
	}
}

// While the program is killed, stopped, copied and robbed of its state, and its
// broker killed, too, it writes the balance after each payment once. One that was
// lost or doubled would make all later ones of its account wrong.
func TestUnderFire(t *testing.T) {
	f := program.Ignite(t, program.Build(t), firePartitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	payments := program.Burn(f, fireRate, firePayments())
	read := func() []Balance { return balances(t, f.Cluster().Read(output)) }
	verdict := program.Judge(f, balancesAfter(payments), func() map[int64][]Balance { return byPayment(read()) })
	inOrder(t, read())
	t.Logf("%d payments, %v; %v", len(payments), verdict, f.Tally)
}
