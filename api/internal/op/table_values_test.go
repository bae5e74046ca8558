package op_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// rows shows the new records of a topic that a table is written to.
func rows[V any](x *apitest.Test, topic string) []string {
	var texts []string
	for _, r := range x.OutputKeyed[string, V](topic) {
		if r.Value == nil {
			texts = append(texts, r.Key+" deleted")
			continue
		}
		texts = append(texts, fmt.Sprint(r.Key, " ", *r.Value))
	}
	return texts
}

func expectRows[V any](t *testing.T, x *apitest.Test, topic string, want ...string) {
	t.Helper()
	if got := rows[V](x, topic); !slices.Equal(got, want) {
		t.Fatalf("%s:\n got %q\nwant %q", topic, got, want)
	}
}

// showChange shows a change of a table.
func showChange[V any](c api.Change[V]) string {
	show := func(v *V) string {
		if v == nil {
			return "none"
		}
		return fmt.Sprint(*v)
	}
	return show(c.Old) + " -> " + show(c.New)
}

// A row that leaves the filter is deleted, and one that has never been in it isn't.
func TestTableFilter_DeletesRowsThatLeave(t *testing.T) {
	app := api.New("parity")
	even := app.FromKeyed[string, string]("words").Count("counts").Filter(func(n int64) bool { return n%2 == 0 })
	even.To("even")
	even.Updates().To("updates")
	api.Changes(even).Map(showChange).To("changes")
	x := apitest.New(t, app)
	x.SendKeyed("words", "a", "x")
	expectRows[int64](t, x, "even")
	x.SendKeyed("words", "a", "x")
	expectRows[int64](t, x, "even", "a 2")
	x.Restart()
	x.SendKeyed("words", "a", "x")
	x.SendKeyed("words", "a", "x")
	x.SendKeyed("words", "b", "x")
	expectRows[int64](t, x, "even", "a deleted", "a 4")
	x.Expect("updates", int64(2), int64(4))
	x.Expect("changes", "none -> 2", "2 -> none", "none -> 4")
}

// What reads only the new values of a table costs nothing more, and gets the same.
func TestTableValues_UpdatesAlone(t *testing.T) {
	app := api.New("parity")
	app.FromKeyed[string, string]("words").Count("counts").
		MapValues(func(n int64) int64 { return 10 * n }).
		Filter(func(n int64) bool { return n != 20 }).
		Updates().To("out")
	x := apitest.New(t, app)
	for range 3 {
		x.SendKeyed("words", "a", "x")
	}
	x.Expect("out", int64(10), int64(30))
}

// Deletions and old values pass a MapValues.
func TestTableMapValues_KeepsDeletionsAndOld(t *testing.T) {
	app := api.New("parity")
	text := app.FromKeyed[string, string]("words").Count("counts").
		Filter(func(n int64) bool { return n < 3 }).
		MapValues(func(n int64) string { return fmt.Sprint("n", n) })
	text.To("out")
	api.Changes(text).Map(showChange).To("changes")
	x := apitest.New(t, app)
	for range 4 {
		x.SendKeyed("words", "a", "x")
	}
	expectRows[string](t, x, "out", "a n1", "a n2", "a deleted")
	x.Expect("changes", "none -> n1", "n1 -> n2", "n2 -> none")
}

// A chain of the operators without a store, each of which is read.
func TestTableMapValues_RowsAlone(t *testing.T) {
	app := api.New("parity")
	app.FromKeyed[string, string]("words").Count("counts").MapValues(func(n int64) int64 { return -n }).To("out")
	x := apitest.New(t, app)
	x.SendKeyed("words", "a", "x")
	x.SendKeyed("words", "b", "x")
	expectRows[int64](t, x, "out", "a -1", "b -1")
}

// An empty value is a value, and no tombstone.
func TestTableTo_EmptyValueIsNoTombstone(t *testing.T) {
	app := api.New("empty")
	app.FromKeyed[string, string]("words").Reduce("last", func(_, s string) string { return s }).To("out")
	x := apitest.New(t, app)
	x.SendKeyed("words", "a", "")
	expectRows[string](t, x, "out", "a ")
}

// A table keeps its keys in a topic: its tombstones would miss the rows otherwise.
func TestTableTo_RefusesOtherKeys(t *testing.T) {
	app := api.New("keys")
	app.FromKeyed[string, string]("words").Count("counts").To("out", api.KeyedBy(func(n int64) string { return "k" }))
	_, err := app.Pipeline().Graph()
	if err == nil || !strings.Contains(err.Error(), `table_values_test.go`) || !strings.Contains(err.Error(), `output topic "out": a table is written with its own keys`) {
		t.Errorf("got %v", err)
	}
}
