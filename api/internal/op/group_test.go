package op_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// A citizen is a row of a table.
type citizen struct {
	Country string
	Cents   int64
}

func countryOf(_ string, c citizen) string   { return c.Country }
func addName(s []string, c citizen) []string { return append(s, strconv.FormatInt(c.Cents, 10)) }
func dropName(s []string, c citizen) []string {
	i := slices.Index(s, strconv.FormatInt(c.Cents, 10))
	return slices.Delete(s, i, i+1)
}

func TestGroupBy_MovesRows(t *testing.T) {
	app := api.New("groups")
	groups := app.Table[string, citizen]("people").GroupBy("by-country", countryOf)
	count := groups.Count("count")
	count.To("counts")
	api.Changes(count).Map(showChange).To("changes")
	groups.Sum("sum", func(c citizen) int64 { return c.Cents }).To("sums")
	groups.Fold("all", addName, dropName).To("all")
	x := apitest.New(t, app)
	x.SendKeyed("people", "ada", citizen{"uk", 10})
	x.SendKeyed("people", "bob", citizen{"uk", 5})
	expectRows[int64](t, x, "counts", "uk 1", "uk 2")
	expectRows[int64](t, x, "sums", "uk 10", "uk 15")
	x.Restart()
	x.SendKeyed("people", "ada", citizen{"uk", 20}) // within its group
	expectRows[int64](t, x, "counts", "uk 2")
	expectRows[int64](t, x, "sums", "uk 25")
	x.SendKeyed("people", "ada", citizen{"fr", 20}) // to another one
	expectRows[int64](t, x, "counts", "uk 1", "fr 1")
	expectRows[int64](t, x, "sums", "uk 5", "fr 20")
	x.SendTombstone("people", "bob")
	x.SendTombstone("people", "nobody")
	expectRows[int64](t, x, "counts", "uk deleted")
	expectRows[int64](t, x, "sums", "uk deleted")
	x.SendKeyed("people", "bob", citizen{"uk", 1})
	expectRows[int64](t, x, "sums", "uk 1")
	expectRows[[]string](t, x, "all", "uk [10]", "uk [10 5]", "uk [5 20]", "uk [5]", "fr [20]", "uk deleted", "uk [1]")
	x.Expect("changes", "none -> 1", "1 -> 2", "2 -> 2", "2 -> 1", "none -> 1", "1 -> none", "none -> 1")
}

func TestGroupBy_ReportsMistakes(t *testing.T) {
	app := api.New("groups")
	people := app.Table[string, citizen]("people")
	people.GroupBy[string]("none", nil).Count("count").To("out")
	groups := people.GroupBy("by-country", countryOf)
	groups.Fold("fold", nil, dropName)
	groups.Fold("ttl", addName, dropName, api.TTL[[]string](1e9))
	people.GroupBy("by-country", countryOf).Count("count2")
	_, err := app.Pipeline().Graph()
	for _, want := range []string{
		`op/group_test.go:62: repartition "none": the key function is missing`,
		`op/group_test.go:64: table "fold": it needs a function that adds a row`,
		`op/group_test.go:65: table "ttl": groups can't have a TTL`,
		`op/group_test.go:66: repartition "by-country": the repartition at op/group_test.go:63 has this name already`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\ngot %v", want, err)
		}
	}
}

// Groups equal those that are computed of the final table, and their counts and sums fit
// each other at each step, whatever crashes.
func TestGroupBy_MatchesModel(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			app := api.New("model")
			groups := app.Table[string, citizen]("people").
				Filter(func(c citizen) bool { return c.Cents != 3 }).
				GroupBy("by-country", countryOf)
			groups.Count("count").To("counts")
			groups.Sum("sum", func(c citizen) int64 { return c.Cents }).To("sums")
			x := apitest.New(t, app, apitest.Options{Partitions: 1 + rnd.Int32N(4), Containers: 1 + rnd.IntN(3)})
			people := map[string]citizen{}
			counts, sums := map[string]int64{}, map[string]int64{}
			collect := func() {
				for topic, m := range map[string]map[string]int64{"counts": counts, "sums": sums} {
					for _, r := range x.OutputKeyed[string, int64](topic) {
						if r.Value == nil {
							if _, ok := m[r.Key]; !ok {
								t.Fatalf("%s: group %s is deleted twice", topic, r.Key)
							}
							delete(m, r.Key)
							continue
						}
						if d := *r.Value - m[r.Key]; topic == "counts" && (d < -1 || d > 1 || *r.Value < 1) {
							t.Fatalf("group %s has %d rows after %d", r.Key, *r.Value, m[r.Key])
						}
						m[r.Key] = *r.Value
					}
				}
			}
			for range rnd.IntN(120) {
				key := "p" + strconv.Itoa(rnd.IntN(8))
				if c := (citizen{"c" + strconv.Itoa(rnd.IntN(4)), rnd.Int64N(6)}); rnd.IntN(5) > 0 {
					x.SendKeyed("people", key, c)
					people[key] = c
				} else {
					x.SendTombstone("people", key)
					delete(people, key)
				}
				switch rnd.IntN(12) {
				case 0:
					x.Crash()
					x.Restart()
				case 1:
					collect()
				}
			}
			collect()
			wantCounts, wantSums := map[string]int64{}, map[string]int64{}
			for _, c := range people {
				if c.Cents != 3 {
					wantCounts[c.Country]++
					wantSums[c.Country] += c.Cents
				}
			}
			if !maps.Equal(counts, wantCounts) || !maps.Equal(sums, wantSums) {
				t.Errorf("got %v, %v\nwant %v, %v", counts, sums, wantCounts, wantSums)
			}
		})
	}
}
