// Versions counts payments, in ten versions. GRETE_TEST_VERSION says which one runs.
package main

import (
	"os"
	"strconv"
	"time"

	"github.com/gretestream/grete/api"
)

type payment struct {
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Second  int64  `json:"second"`
}

// A total is what an account has paid so far.
type total struct {
	Payments int64 `json:"payments"`
	Last     int64 `json:"last"`
}

// A newTotal is a total with a field more, as of version 10.
type newTotal struct {
	Payments int64 `json:"payments"`
	Last     int64 `json:"last"`
	First    int64 `json:"first"`
}

func main() {
	version, err := strconv.Atoi(os.Getenv("GRETE_TEST_VERSION"))
	if err != nil {
		panic(err)
	}
	pipeline(version).Main()
}

func pipeline(version int) *api.App {
	app := api.New("upgrades")
	since := func(n int) bool { return version >= n }
	disorder := time.Second
	if since(5) {
		disorder = 2 * time.Second
	}
	all := app.From[payment]("payments", api.EventTime(func(p payment) time.Time { return time.Unix(p.Second, 0) }).Disorder(disorder))
	if since(2) { // compatible
		all = all.Filter(func(p payment) bool { return p.Account != "" })
	}
	byAccount := all.PartitionBy("by-account", func(p payment) string { return p.Account })
	window := api.Tumbling(10 * time.Second)
	if since(3) { // compatible
		window = window.Grace(time.Second)
	}
	byAccount.Window("per-window", window).Count().To("windows")
	if since(4) { // not side by side
		byAccount.Count("again").To("windows")
	}
	if since(6) && !since(9) { // not side by side, neither way
		all.PartitionBy("by-second", func(p payment) int64 { return p.Second }).Count("seconds").To("windows")
	}
	if since(7) { // not side by side
		byAccount.To("copies")
	}
	name := "total"
	if since(8) { // only by the command rename
		name = "sum"
	}
	if since(10) { // not side by side, and not back
		byAccount.Fold(name, func(t newTotal, p payment) newTotal {
			if t.Payments == 0 {
				t.First = p.ID
			}
			return newTotal{t.Payments + 1, p.ID, t.First}
		}).To("totals")
		return app
	}
	byAccount.Fold(name, func(t total, p payment) total { return total{t.Payments + 1, p.ID} }).To("totals")
	return app
}
