package op_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// An event happens at a time.
type event struct {
	ID string
	At int64 // ms
}

func (e event) time() time.Time { return time.UnixMilli(e.At) }

func events(disorder time.Duration) api.InputOption[event] {
	return api.EventTime(event.time).Disorder(disorder).MaxAhead(0)
}

func TestTTL_DeletesRows(t *testing.T) {
	app := api.New("ttl")
	latest := app.FromKeyed[string, event]("in", events(0)).Latest("latest", api.TTL[event](10*time.Second))
	latest.MapValues(func(e event) string { return e.ID }).To("out")
	api.Changes(latest).Map(func(c api.Change[event]) string {
		if c.New == nil {
			return c.Old.ID + " expires"
		}
		return c.New.ID
	}).To("changes")
	x := apitest.New(t, app)
	x.SendKeyed("in", "a", event{"a1", 1000})
	x.SendKeyed("in", "b", event{"b1", 2000})
	x.SendKeyed("in", "a", event{"a2", 9000}) // moves its expiry on
	x.Restart()
	x.SendKeyed("in", "c", event{"c1", 12_000})
	expectRows[string](t, x, "out", "a a1", "b b1", "a a2", "c c1", "b deleted")
	x.SendKeyed("in", "c", event{"c2", 19_000})
	x.SendKeyed("in", "a", event{"a3", 19_000}) // after the expiry: a new row
	expectRows[string](t, x, "out", "c c2", "a deleted", "a a3")
	x.SendKeyed("in", "d", event{"d1", 8000}) // too late
	expectRows[string](t, x, "out", "d d1", "d deleted")
	x.Expect("changes", "a1", "b1", "a2", "c1", "b1 expires", "c2", "a2 expires", "a3", "d1", "d1 expires")
	x.Advance(time.Minute)
	expectRows[string](t, x, "out", "c deleted", "a deleted")
}

// A late record doesn't shorten the life of a row.
func TestTTL_LateRecordKeepsTheExpiry(t *testing.T) {
	app := api.New("ttl")
	app.FromKeyed[string, event]("in", events(time.Minute)).Fold("n", func(n int64, _ event) int64 { return n + 1 }, api.TTL[int64](10*time.Second)).To("out")
	x := apitest.New(t, app)
	x.SendKeyed("in", "a", event{"a1", 20_000})
	x.SendKeyed("in", "a", event{"a2", 5000})
	x.SendKeyed("in", "b", event{"b", 89_000}) // the watermark is 29 s
	expectRows[int64](t, x, "out", "a 1", "a 2", "b 1")
	x.SendKeyed("in", "b", event{"b", 90_000})
	expectRows[int64](t, x, "out", "b 2", "a deleted")
}

// Rows of a table of a topic expire by the time of its records; a tombstone deletes them before.
func TestTTL_OfTopicTable(t *testing.T) {
	app := api.New("ttl")
	app.Table[string, event]("in", events(0), api.TTL[event](10*time.Second)).MapValues(func(e event) string { return e.ID }).To("out")
	x := apitest.New(t, app, apitest.Options{Clock: time.UnixMilli(0)})
	x.SendKeyed("in", "a", event{"a1", 1000})
	x.SendKeyed("in", "b", event{"b1", 1000})
	x.SendTombstone("in", "b")
	x.SendKeyed("in", "c", event{"c1", 11_000})
	expectRows[string](t, x, "out", "a a1", "b b1", "b deleted", "c c1", "a deleted")
}

// A lifetime is a row and when it expires.
type lifetime struct {
	n       int64
	expires int64
}

// A table with a TTL equals a map whose rows are deleted as the watermark passes them,
// whatever crashes. With one partition the order of arrival is that of the test.
func TestTTL_MatchesModel(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			ttl, disorder := time.Duration(1+rnd.IntN(20_000))*time.Millisecond, time.Duration(rnd.IntN(5000))*time.Millisecond
			app := api.New("model")
			app.FromKeyed[string, event]("in", events(disorder)).
				Fold("n", func(n int64, _ event) int64 { return n + 1 }, api.TTL[int64](ttl)).To("out")
			x := apitest.New(t, app)
			model, got, mark := map[string]lifetime{}, map[string]int64{}, int64(-1<<62)
			deletions := 0
			expire := func() {
				maps.DeleteFunc(model, func(_ string, l lifetime) bool { return l.expires <= mark })
			}
			now := int64(100_000)
			for range rnd.IntN(150) {
				now += rnd.Int64N(3000)
				e := event{At: now - rnd.Int64N(disorder.Milliseconds()+3000)}
				key := "k" + strconv.Itoa(rnd.IntN(5))
				x.SendKeyed("in", key, e)
				l := model[key]
				l.n++
				l.expires = max(l.expires, e.At+ttl.Milliseconds())
				model[key] = l
				mark = max(mark, e.At-disorder.Milliseconds())
				expire()
				if rnd.IntN(12) == 0 {
					x.Crash()
					x.Restart()
				}
			}
			for _, r := range x.OutputKeyed[string, int64]("out") {
				if r.Value == nil {
					deletions++
					if _, ok := got[r.Key]; !ok {
						t.Fatalf("key %s is deleted twice", r.Key)
					}
					delete(got, r.Key)
					continue
				}
				if *r.Value != got[r.Key]+1 {
					t.Fatalf("key %s: %d comes after %d", r.Key, *r.Value, got[r.Key])
				}
				got[r.Key] = *r.Value
			}
			want := map[string]int64{}
			for k, l := range model {
				want[k] = l.n
			}
			if !maps.Equal(got, want) {
				t.Errorf("got %v\nwant %v (%d deletions)", got, want, deletions)
			}
		})
	}
}
