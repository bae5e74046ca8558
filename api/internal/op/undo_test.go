package op_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// A deed is a record that may fail at a point of the pipeline; see deedPoints.
type deed struct {
	User   string
	ID     int
	Second int64
	Amount int64
	Fail   string
}

// deedPoints are where a deed fails: before anything has changed, within folds, after outputs
// were sent and state was changed, and when values are encoded.
var deedPoints = []string{"source", "first", "fold", "sent", "late fold", "last", "encode", "late encode"}

// lastFailure is what a value remembers of the deeds that have made it: where the last one
// fails. A value that can't be encoded stays so. point is where its fold fails.
func lastFailure(before string, d deed, point string) string {
	if before == strings.Replace(point, "fold", "encode", 1) {
		return before
	}
	return d.Fail
}

// pots has a map, which is changed in place.
type pots struct {
	By   map[string]int64
	Last string
}

func (p pots) add(d deed, point string) pots {
	if p.By == nil {
		p.By = make(map[string]int64)
	}
	p.By["sum"] += d.Amount
	p.By[fmt.Sprint("amount ", d.Amount)]++
	p.Last = lastFailure(p.Last, d, point)
	if d.Fail == point {
		panic(point)
	}
	return p
}

func (p pots) text(user string) string { return fmt.Sprint(user, " ", p.By["sum"], " ", len(p.By)) }

// purse is plain.
type purse struct {
	Sum, Deeds int64
	Last       string
}

func (p purse) add(d deed, point string) purse {
	if d.Fail == point {
		panic(point)
	}
	return purse{p.Sum + d.Amount, p.Deeds + 1, lastFailure(p.Last, d, point)}
}

func (p purse) text(user string) string { return fmt.Sprint(user, " ", p.Sum, " ", p.Deeds) }

// A grumpy value can't be encoded after a deed that fails so.
func grumpy(v any, last, point string) ([]byte, error) {
	if last == point {
		return nil, errMood
	}
	return json.Marshal(v)
}

var errMood = errors.New("in a bad mood")

type (
	tablePurse  purse
	windowPurse purse
	tablePots   pots
	windowPots  pots
)

func (p tablePurse) MarshalJSON() ([]byte, error)  { return grumpy(purse(p), p.Last, "encode") }
func (p windowPurse) MarshalJSON() ([]byte, error) { return grumpy(purse(p), p.Last, "late encode") }
func (p tablePots) MarshalJSON() ([]byte, error)   { return grumpy(pots(p), p.Last, "encode") }
func (p windowPots) MarshalJSON() ([]byte, error)  { return grumpy(pots(p), p.Last, "late encode") }

func (p *tablePurse) UnmarshalJSON(b []byte) error  { return json.Unmarshal(b, (*purse)(p)) }
func (p *windowPurse) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, (*purse)(p)) }
func (p *tablePots) UnmarshalJSON(b []byte) error   { return json.Unmarshal(b, (*pots)(p)) }
func (p *windowPots) UnmarshalJSON(b []byte) error  { return json.Unmarshal(b, (*pots)(p)) }

// deeds sends the updates of a table, and then, of deeds with a new id, the panes of a window.
func deedsOf(plain bool) *api.App {
	app := api.New("test")
	keyed := app.From("in", api.EventTime(func(d deed) time.Time { return time.Unix(d.Second, 0) }).Disorder(time.Hour), api.OnError[deed](api.Skip())).
		Peek(failAt("source")).PartitionBy("by-user", func(d deed) string { return d.User }).Peek(failAt("first"))
	news := keyed.DedupBy("ids", func(d deed) int { return d.ID }, 1000*time.Hour)
	if plain {
		updates(keyed.Fold("table", func(p tablePurse, d deed) tablePurse { return tablePurse(purse(p).add(d, "fold")) }).Updates(),
			func(user string, p tablePurse) (string, string) { return purse(p).text(user), p.Last })
		news.Window("window", api.Tumbling(time.Minute)).
			Fold(func(p windowPurse, d deed) windowPurse { return windowPurse(purse(p).add(d, "late fold")) }).
			Map(func(p api.Pane[string, windowPurse]) string { return purse(p.Value).text(p.Key) }).To("panes")
	} else {
		updates(keyed.Fold("table", func(p tablePots, d deed) tablePots { return tablePots(pots(p).add(d, "fold")) }).Updates(),
			func(user string, p tablePots) (string, string) { return pots(p).text(user), p.Last })
		news.Window("window", api.Tumbling(time.Minute)).
			Fold(func(p windowPots, d deed) windowPots { return windowPots(pots(p).add(d, "late fold")) }).
			Map(func(p api.Pane[string, windowPots]) string { return pots(p.Value).text(p.Key) }).To("panes")
	}
	keyed.Peek(failAt("last")).Map(func(d deed) string { return d.User }).To("users")
	return app
}

func failAt(point string) func(deed) {
	return func(d deed) {
		if d.Fail == point {
			panic(point)
		}
	}
}

// updates sends each update, and a second time if that doesn't fail.
func updates[A any](in api.KeyedStream[string, A], text func(string, A) (string, string)) {
	in.MapWithKey(func(user string, a A) [2]string {
		s, fail := text(user, a)
		return [2]string{s, fail}
	}).FlatMap(func(update [2]string) iter.Seq[string] {
		return func(yield func(string) bool) {
			if yield(update[0]) && update[1] == "sent" {
				panic("sent")
			}
		}
	}).To("updates")
}

// TestUndo_Model compares pipelines whose records fail at random points with one that never
// sees these records.
func TestUndo_Model(t *testing.T) {
	for seed := range uint64(60) {
		for _, plain := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d/plain %v", seed, plain), func(t *testing.T) { testDeeds(t, seed, plain) })
		}
	}
}

func testDeeds(t *testing.T, seed uint64, plain bool) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	partitions := 1 + rnd.Int32N(2)*2
	x := apitest.New(t, deedsOf(plain), apitest.Options{Partitions: partitions, Containers: 1 + rnd.IntN(2)})
	failed := 0
	var good []deed
	for range 60 {
		d := deed{User: fmt.Sprint("user-", rnd.IntN(4)), ID: rnd.IntN(30), Second: rnd.Int64N(120), Amount: rnd.Int64N(9)}
		if rnd.IntN(4) == 0 {
			d.Fail = deedPoints[rnd.IntN(len(deedPoints))]
		}
		x.Send("in", d)
		if d.Fail == "late fold" || d.Fail == "late encode" {
			if slices.ContainsFunc(good, func(g deed) bool { return g.User == d.User && g.ID == d.ID }) {
				d.Fail = "" // it doesn't get as far
			}
		}
		if d.Fail == "" {
			good = append(good, d)
		} else {
			failed++
		}
		switch n := rnd.IntN(12); {
		case n == 0:
			x.Restart()
		case n < 3 || partitions > 1: // the order is that of the model
			x.Wait(time.Second)
		}
	}
	x.End()
	updates, panes := deedModel(good, plain)
	var users []string
	for _, d := range good {
		users = append(users, d.User)
	}
	same(t, "users", x.Output[string]("users"), users)
	same(t, "updates", x.Output[string]("updates"), updates)
	same(t, "panes", x.Output[string]("panes"), panes)
	if skipped := len(x.Skipped()); skipped != failed {
		t.Errorf("%d records are skipped, want %d", skipped, failed)
	}
	if replays := x.Replays(); plain && replays > 0 {
		t.Errorf("%d replays", replays)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// deedModel is what the pipeline sends of deeds that don't fail.
func deedModel(deeds []deed, plain bool) (updates, panes []string) {
	values, amounts := map[string]purse{}, map[string]map[int64]bool{}
	add := func(key string, d deed) string {
		p := values[key]
		values[key] = purse{Sum: p.Sum + d.Amount, Deeds: p.Deeds + 1}
		if amounts[key] == nil {
			amounts[key] = map[int64]bool{}
		}
		amounts[key][d.Amount] = true
		if plain {
			return fmt.Sprint(d.User, " ", values[key].Sum, " ", values[key].Deeds)
		}
		return fmt.Sprint(d.User, " ", values[key].Sum, " ", len(amounts[key])+1)
	}
	seen, last := map[string]bool{}, map[string]string{}
	for _, d := range deeds {
		updates = append(updates, add(d.User, d))
		if id := fmt.Sprint(d.User, " ", d.ID); !seen[id] {
			seen[id] = true
			key := fmt.Sprint(d.User, " in ", d.Second/60)
			last[key] = add(key, d)
		}
	}
	for _, text := range last {
		panes = append(panes, text)
	}
	return updates, panes
}
