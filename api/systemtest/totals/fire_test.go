//go:build real && unix

package totals

import (
	"encoding/json"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api/systemtest/program"
)

const (
	fireAccounts = 60
	fireRate     = 2000 // payments a second
)

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

// inOrder looks whether the balances of each account stand in the order of its
// payments.
func inOrder(t *testing.T, all []Balance) {
	t.Helper()
	number := make(map[string]int64)
	for _, b := range all {
		if number[b.Account]++; b.Payments != number[b.Account] {
			t.Fatalf("%+v comes as number %d of its account", b, number[b.Account])
		}
	}
}

// While the program is killed, stopped, copied and robbed of its state, and its
// broker killed, too, it writes the balance after each payment once. One that was
// lost or doubled would make all later ones of its account wrong.
func TestUnderFire(t *testing.T) {
	t.Parallel()
	f := program.Ignite(t, program.Build(t, "totals"), partitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	paid := program.Burn(f, fireRate, payments(partitions, fireAccounts))
	read := func() []Balance { return balances(t, f.Cluster().Read(output)) }
	verdict := program.Judge(f, balancesAfter(paid), func() map[int64][]Balance { return byPayment(read()) })
	inOrder(t, read())
	t.Logf("%d payments, %v; %v", len(paid), verdict, f.Tally)
}
