package op_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// A row that changes several times within a commit has one update, and a deleted one has none.
func TestUpdates_EveryCommit(t *testing.T) {
	app := api.New("updates")
	app.Table[string, string]("in").Updates(api.EveryCommit()).To("out")
	x := apitest.New(t, app)
	for _, v := range []string{"1", "2", "4"} {
		x.SendKeyed("in", "b", v)
		x.SendKeyed("in", "a", v)
	}
	x.SendKeyed("in", "c", "1")
	x.SendTombstone("in", "c")
	expectRows[string](t, x, "out", "b 4", "a 4")
	x.Restart()
	expectRows[string](t, x, "out")
	x.SendKeyed("in", "a", "5")
	expectRows[string](t, x, "out", "a 5")
}

func TestUpdates_RefusesOtherTriggers(t *testing.T) {
	app := api.New("updates")
	table := app.Table[string, string]("in")
	table.Updates(api.Every(time.Second)).To("out")
	table.Updates(api.EveryCommit(), api.EveryCommit()).To("out2")
	_, err := app.Pipeline().Graph()
	for _, want := range []string{
		"op/updates_test.go:36: the updates of a table come one for each change, or with api.EveryCommit()",
		"op/updates_test.go:37: the updates of a table come one for each change, or with api.EveryCommit()",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\ngot %v", want, err)
		}
	}
}

// The last update of a row is its value, whatever crashes, and there are never more updates
// than records.
func TestUpdates_EveryCommitMatchesModel(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 4))
			app := api.New("model")
			app.Table[string, string]("in").
				Filter(func(v string) bool { return v != "3" }).
				MapValues(func(v string) string { return v + "!" }).
				Updates(api.EveryCommit()).To("out")
			x := apitest.New(t, app, apitest.Options{Partitions: 1 + rnd.Int32N(4), Containers: 1 + rnd.IntN(3)})
			want, sent := map[string]string{}, rnd.IntN(120)
			for range sent {
				key, v := "k"+strconv.Itoa(rnd.IntN(5)), strconv.Itoa(rnd.IntN(6))
				x.SendKeyed("in", key, v)
				if delete(want, key); v != "3" {
					want[key] = v + "!"
				}
				if rnd.IntN(12) == 0 {
					x.Crash()
					x.Restart()
				}
			}
			got := map[string]string{}
			updates := x.OutputKeyed[string, string]("out")
			for _, r := range updates {
				got[r.Key] = *r.Value
			}
			for key, v := range want {
				if got[key] != v {
					t.Errorf("the last update of %s is %q, want %q", key, got[key], v)
				}
			}
			if len(updates) > sent {
				t.Errorf("%d updates of %d records", len(updates), sent)
			}
		})
	}
}
