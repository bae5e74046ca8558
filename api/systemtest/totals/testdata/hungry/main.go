// Hungry is the program examples/totals with one account whose first payment makes it
// exceed the memory of its container, once on each disk: so it recovers.
package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/api"
)

type payment struct {
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Amount  int64  `json:"amount"`
}

type balance struct {
	Account  string `json:"account"`
	Cents    int64  `json:"cents"`
	Payments int64  `json:"payments"`
	Last     int64  `json:"last"`
}

func (b balance) after(p payment) balance {
	if p.Account == "hungry" {
		eat()
	}
	return balance{p.Account, b.Cents + p.Amount, b.Payments + 1, p.ID}
}

// eat allocates 2 GB, unless it did so before on this disk.
func eat() {
	trace := filepath.Join(os.Getenv("NOMAD_ALLOC_DIR"), "data", "fed")
	if _, err := os.Stat(trace); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err := os.WriteFile(trace, nil, 0o600); err != nil {
		panic(err)
	}
	all := make([][]byte, 0, 2048)
	for range 2048 {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b) // kept
	}
	panic("it has 2 GB and wasn't killed")
}

func main() {
	app := api.New("totals")
	app.From[payment]("payments").
		PartitionBy("by-account", func(p payment) string { return p.Account }).
		Fold("balance", balance.after).
		To("balances")
	app.Main()
}
