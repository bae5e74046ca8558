package api_test

import (
	"fmt"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

func TestChanges_OldAndNew(t *testing.T) {
	app := api.New("words")
	counts := app.FromKeyed[string, string]("words").Count("counts")
	api.Changes(counts).Map(func(c api.Change[int64]) string {
		if c.Old == nil {
			return fmt.Sprintf("new: %d", *c.New)
		}
		return fmt.Sprintf("%d -> %d", *c.Old, *c.New)
	}).To("changes")
	counts.To("counts")
	x := apitest.New(t, app)
	for range 2 {
		x.SendKeyed("words", "a", "x")
	}
	x.Restart()
	x.SendKeyed("words", "a", "x")
	x.SendKeyed("words", "b", "x")
	x.Expect("changes", "new: 1", "1 -> 2", "2 -> 3", "new: 1")
	x.Expect("counts", int64(1), int64(2), int64(3), int64(1))
}

// A fold may change a map in place; the old value is one of its own.
func TestChanges_OldIsNoAlias(t *testing.T) {
	app := api.New("words")
	sets := app.FromKeyed[string, string]("words").Fold("sets", func(set map[string]int, w string) map[string]int {
		if set == nil {
			set = make(map[string]int)
		}
		set[w]++
		return set
	})
	api.Changes(sets).Map(func(c api.Change[map[string]int]) string {
		if c.Old == nil {
			return fmt.Sprint(*c.New)
		}
		return fmt.Sprint(*c.Old, *c.New)
	}).To("changes")
	x := apitest.New(t, app)
	for _, w := range []string{"x", "x", "y"} {
		x.SendKeyed("words", "a", w)
	}
	x.Expect("changes", "map[x:1]", "map[x:1] map[x:2]", "map[x:2] map[x:2 y:1]")
}
