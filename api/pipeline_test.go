package api_test

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

type view struct {
	User string `json:"user"`
	Page string `json:"page"`
	At   int64  `json:"at"` // ms
}

func (v view) time() time.Time { return time.UnixMilli(v.At) }
func userOf(v view) string     { return v.User }

// at is a time of day, in seconds, at a certain day.
func at(second int) int64 {
	return 1_400_000_000_000 - 1_400_000_000_000%86_400_000 + int64(second)*1000
}

func on(user string, second int) view { return view{User: user, Page: "p", At: at(second)} }

func eventTime() api.InputOption[view] { return api.EventTime(view.time).Disorder(5 * time.Second) }

// pane is the final count of a user in the minute that begins at a second.
func pane(user string, second int, n int64) api.Pane[string, int64] {
	start := time.UnixMilli(at(second)).UTC()
	return api.Pane[string, int64]{Key: user, Start: start, End: start.Add(time.Minute), Value: n, Timing: api.Final}
}

func perMinute() *api.App {
	app := api.New("test")
	app.From("views", eventTime()).
		Filter(func(v view) bool { return v.User != "" }).
		PartitionBy("by-user", userOf).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To("counts")
	return app
}

func TestWindow_Counts(t *testing.T) {
	x := apitest.New(t, perMinute())
	x.Send("views", on("ann", 1), on("bob", 2), on("", 3), on("ann", 59), on("ann", 61))
	x.Expect[api.Pane[string, int64]]("counts")
	x.Advance(time.Minute)
	x.Expect("counts", pane("ann", 0, 2), pane("bob", 0, 1), pane("ann", 60, 1))
}

func TestWindow_ClosedByRecords(t *testing.T) {
	x := apitest.New(t, perMinute())
	x.Send("views", on("ann", 1), on("ann", 64), on("ann", 58)) // within the disorder
	x.Expect[api.Pane[string, int64]]("counts")
	x.Send("views", on("ann", 65)) // 60 s and the disorder of 5 s
	x.Expect("counts", pane("ann", 0, 2))
	x.Send("views", on("ann", 59)) // late
	x.Advance(2 * time.Minute)
	x.Expect("counts", pane("ann", 60, 2))
}

func TestWindow_CountsRecordsWithinGrace(t *testing.T) {
	app := api.New("test")
	app.From("views", api.EventTime(view.time).Disorder(0)).PartitionBy("by-user", userOf).
		Window("w", api.Tumbling(time.Minute).Grace(10*time.Second)).Count().To("counts")
	x := apitest.New(t, app)
	x.Send("views", on("ann", 1), on("ann", 69), on("ann", 2))
	x.Expect[api.Pane[string, int64]]("counts")
	x.Send("views", on("ann", 70))
	x.Expect("counts", pane("ann", 0, 2))
	x.Send("views", on("ann", 3)) // late
	x.Advance(time.Minute)
	x.Expect("counts", pane("ann", 60, 2))
}

func TestCrash_LosesAndDoublesNothing(t *testing.T) {
	x := apitest.New(t, perMinute(), apitest.Options{Partitions: 3, Containers: 2})
	for second := range 60 {
		x.Send("views", on("ann", second), on("bob", second))
		if second%7 == 0 {
			x.Crash()
			x.Restart()
		}
	}
	x.Advance(time.Minute)
	x.Expect("counts", pane("ann", 0, 60), pane("bob", 0, 60))
}

func TestRestart_KeepsWatermark(t *testing.T) {
	x := apitest.New(t, perMinute())
	x.Send("views", on("ann", 1))
	x.Advance(5 * time.Minute)
	x.Expect("counts", pane("ann", 0, 1))
	x.Restart()
	x.Send("views", on("ann", 2)) // would open the window again
	x.Advance(5 * time.Minute)
	x.Expect[api.Pane[string, int64]]("counts")
}

func TestWindow_ClosedOnceAtTheEnd(t *testing.T) {
	x := apitest.New(t, perMinute())
	x.Send("views", on("ann", 1), on("ann", 61))
	x.End()
	x.Expect("counts", pane("ann", 0, 1), pane("ann", 60, 1))
	x.End()
	x.Expect[api.Pane[string, int64]]("counts")
	// The watermark stands where the records have moved it: a window that was
	// written is closed, one that wasn't open yet counts.
	x.Send("views", on("ann", 62), on("ann", 121), on("bob", 63))
	x.End()
	x.Expect("counts", pane("bob", 60, 1), pane("ann", 120, 1))
}

func TestWindow_SumsAndFolds(t *testing.T) {
	app := api.New("test")
	views := app.From("views", eventTime()).PartitionBy("by-user", userOf)
	views.Window("sum", api.Tumbling(time.Minute)).Sum(func(v view) int64 { return int64(len(v.Page)) }).
		MapValues(func(p api.Pane[string, int64]) int64 { return p.Value }).To("sums")
	views.Window("pages", api.Tumbling(time.Minute)).
		FoldFrom(func() map[string]int { return map[string]int{} }, func(m map[string]int, v view) map[string]int { m[v.Page]++; return m }).
		MapValues(func(p api.Pane[string, map[string]int]) map[string]int { return p.Value }).To("pages")
	x := apitest.New(t, app)
	x.Send("views", view{"ann", "a", at(1)}, view{"ann", "bb", at(2)})
	x.Restart()
	x.Send("views", view{"ann", "a", at(3)})
	x.Advance(2 * time.Minute)
	x.Expect("sums", int64(4))
	x.Expect("pages", map[string]int{"a": 2, "bb": 1})
}

func TestTable_Aggregations(t *testing.T) {
	app := api.New("test")
	views := app.From[view]("views").PartitionBy("by-user", userOf)
	views.Count("total").To("totals")
	views.Reduce("last", func(_, v view) view { return v }).Updates().MapWithKey(func(k string, v view) string { return k + " " + v.Page }).To("last")
	views.Fold("length", func(n int64, v view) int64 { return n + int64(len(v.Page)) }).Updates().
		Filter(func(n int64) bool { return n > 1 }).To("lengths")
	x := apitest.New(t, app)
	x.Send("views", view{"ann", "a", 0}, view{"bob", "b", 0})
	x.Expect("totals", int64(1), int64(1))
	x.Crash()
	x.Restart()
	x.Send("views", view{"ann", "c", 0})
	x.Expect("totals", int64(2))
	x.Expect("last", "ann a", "bob b", "ann c")
	x.Expect("lengths", int64(2))
}

func TestStream_StatelessOperators(t *testing.T) {
	app := api.New("test")
	words := app.From[string]("lines").FlatMap(strings.FieldsSeq)
	peeked := 0
	short := words.Filter(func(w string) bool { return len(w) < 4 }).Peek(func(string) { peeked++ })
	long := words.Filter(func(w string) bool { return len(w) >= 4 }).Map(strings.ToUpper)
	short.Merge(long).Apply(shout).To("words")
	x := apitest.New(t, app)
	x.Send("lines", "a stream of", "words")
	x.Expect("words", "a!", "STREAM!", "of!", "WORDS!")
	if peeked != 2 {
		t.Errorf("peeked at %d records", peeked)
	}
}

func shout(s api.Stream[string]) api.Stream[string] {
	return s.Map(func(w string) string { return w + "!" })
}

func TestTo_WritesKeys(t *testing.T) {
	app := api.New("test")
	app.FromKeyed[string, int64]("numbers").Map(func(n int64) int64 { return n + 1 }).To("more")
	app.FromKeyed[string, int64]("more").MapWithKey(func(k string, n int64) string { return k }).To("keys")
	x := apitest.New(t, app)
	x.SendKeyed("numbers", "one", int64(1))
	x.Expect("keys", "one")
}

func TestTryMap_SkipsFailedRecords(t *testing.T) {
	app := api.New("test")
	app.From[string]("in").TryMap("check", func(s string) (string, error) {
		if s == "bad" {
			return "", errors.New("bad")
		}
		return s, nil
	}, api.Skip()).To("out")
	x := apitest.New(t, app)
	x.Send("in", "a", "bad", "b")
	x.Expect("out", "a", "b")
}

// A record that fails after it has sent and changed something is skipped with all
// of that.
func TestSkip_UndoesRecord(t *testing.T) {
	app := api.New("test")
	in := app.From("views", api.OnError[view](api.Skip())).PartitionBy("by-user", userOf)
	in.Count("total").To("totals")
	app.From("views", api.OnError[view](api.Skip())).FlatMap(func(v view) iter.Seq[string] {
		return func(yield func(string) bool) {
			if yield(v.User) && v.Page == "bad" {
				panic("bad page")
			}
		}
	}).To("users")
	x := apitest.New(t, app)
	x.Send("views", view{User: "ann"}, view{User: "bob", Page: "bad"}, view{User: "cid"})
	x.Expect("users", "ann", "cid")
	x.Expect("totals", int64(1), int64(1))
}

func TestWindow_AggregatesPanes(t *testing.T) {
	app := api.New("test")
	app.From("views", eventTime()).PartitionBy("by-user", userOf).
		Window("minutes", api.Tumbling(time.Minute)).Count().
		Window("hours", api.Tumbling(time.Hour)).Sum(func(p api.Pane[string, int64]) int64 { return p.Value }).
		MapValues(func(p api.Pane[string, int64]) int64 { return p.Value }).To("hourly")
	x := apitest.New(t, app)
	x.Send("views", on("ann", 1), on("ann", 61), on("ann", 3601))
	x.Advance(2 * time.Hour)
	x.Expect("hourly", int64(2), int64(1))
}

// An input partition that is read to its end and quiet doesn't hold the others up
// for ever.
func TestWatermark_IgnoresIdlePartitions(t *testing.T) {
	x := apitest.New(t, perMinute(), apitest.Options{Partitions: 2, IdleTimeout: 10 * time.Second})
	x.Send("views", on("ann", 1), on("bob", 2)) // one to each partition
	x.Wait(time.Second)
	x.SendKeyed("views", "ann", on("ann", 300)) // to one of them
	x.Expect[api.Pane[string, int64]]("counts")
	x.Wait(15 * time.Second) // that one becomes idle too
	x.SendKeyed("views", "ann", on("ann", 301))
	x.Expect("counts", pane("ann", 0, 1), pane("bob", 0, 1))
	// Even where the quiet one comes back with old records, after a restart: the
	// windows that were closed stay so.
	x.Restart()
	x.Send("views", on("bob", 3), on("bob", 4)) // to both
	x.Wait(15 * time.Second)
	x.SendKeyed("views", "ann", on("ann", 302))
	x.Expect[api.Pane[string, int64]]("counts")
}

// How far a producing task is stays known over a restart, also if that task has
// nothing more to say.
func TestRestart_KeepsMarksOfProducers(t *testing.T) {
	x := apitest.New(t, perMinute(), apitest.Options{Partitions: 2, Containers: 2})
	x.Send("views", on("ann", 100), on("ann", 1)) // one to each partition
	x.Expect[api.Pane[string, int64]]("counts")
	x.Restart()
	x.Send("views", on("ann", 101)) // to the first
	x.Expect[api.Pane[string, int64]]("counts")
	x.Restart()
	x.Send("views", on("ann", 100)) // to the second
	x.Expect("counts", pane("ann", 0, 1))
}

// A window's watermark isn't turned back by an input that was idle, nor by a
// restart.
func TestRestart_KeepsWatermarkOfOperators(t *testing.T) {
	app := api.New("test")
	a := app.FromKeyed[string, view]("a", eventTime())
	b := app.FromKeyed[string, view]("b", eventTime())
	a.Merge(b).Window("w", api.Tumbling(time.Minute)).Count().To("counts")
	x := apitest.New(t, app, apitest.Options{IdleTimeout: 10 * time.Second})
	x.SendKeyed("a", "ann", on("ann", 1))
	x.SendKeyed("b", "ann", on("ann", 2))
	x.Wait(15 * time.Second)
	x.SendKeyed("b", "ann", on("ann", 300))
	x.Expect("counts", pane("ann", 0, 2))
	x.Restart()
	x.SendKeyed("a", "ann", on("ann", 3)) // the other wakes up, far behind
	x.Expect[api.Pane[string, int64]]("counts")
	x.Restart()
	x.SendKeyed("a", "ann", on("ann", 4))
	x.SendKeyed("a", "ann", on("ann", 301))
	x.SendKeyed("b", "ann", on("ann", 500))
	x.SendKeyed("a", "ann", on("ann", 500))
	x.Expect("counts", pane("ann", 300, 2))
}
