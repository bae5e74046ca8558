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

// balances returns the balances of an output, those of an account in their order.
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

// checkOrder checks that the balances of each account are in the order of its payments.
func checkOrder(t *testing.T, all []Balance) {
	t.Helper()
	number := make(map[string]int64)
	for _, b := range all {
		if number[b.Account]++; b.Payments != number[b.Account] {
			t.Fatalf("%+v is number %d of its account", b, number[b.Account])
		}
	}
}

// A lost or duplicated payment would make all later balances of its account wrong.
func TestUnderFire_WritesEachBalanceOnce(t *testing.T) {
	t.Parallel()
	f := program.StartFire(t, program.Build(t, "totals"), partitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	paid := program.RunWithLoad(f, fireRate, payments(partitions, fireAccounts))
	read := func() []Balance { return balances(t, f.Cluster().Read(output)) }
	comparison := program.Verify(f, balancesAfter(paid), func() map[int64][]Balance { return byPayment(read()) })
	checkOrder(t, read())
	t.Logf("%d payments, %v; %v", len(paid), comparison, f.Counts)
}
