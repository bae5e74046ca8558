package window_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// manyKeys is more than what is closed in one piece of work.
const manyKeys = 9000

// A window with very many keys closes in several pieces of work, each key once.
func TestWindows_ManyKeys(t *testing.T) {
	for name, w := range map[string]api.Window{
		"tumbling": api.Tumbling(time.Minute), "slices": api.Hopping(time.Minute, 20*time.Second), "session": api.Session(time.Minute),
		"updates": api.Tumbling(time.Minute).Grace(time.Second).Updates(), "updated session": api.Session(time.Minute).Grace(time.Second).Updates(),
	} {
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, end %v", name, end), func(t *testing.T) { closeMany(t, w, end) })
		}
	}
}

func closeMany(t *testing.T, w api.Window, end bool) {
	app := api.New("many")
	app.From("hits", api.EventTime(hitTime)).PartitionBy("by-user", hitUser).Window("w", w).Count().To("panes")
	x := apitest.New(t, app, apitest.Options{Partitions: 2})
	var hits []hit
	for i := range manyKeys {
		hits = append(hits, hit{User: fmt.Sprint("user ", i), At: at(40)})
	}
	x.Send("hits", hits...)
	x.Wait(time.Second)
	x.Restart()
	if end {
		x.End()
	} else {
		x.Advance(time.Hour)
	}
	panes := make(map[string]int)
	sum := int64(0)
	for _, p := range x.Output[api.Pane[string, int64]]("panes") {
		panes[fmt.Sprint(p.Key, p.Start)]++
		sum += p.Value
	}
	overlap := len(panes) / manyKeys
	if len(panes) != overlap*manyKeys || sum != int64(len(panes)) {
		t.Errorf("%d panes of %d records", len(panes), sum)
	}
}

// What a bounded run has sent before its time isn't sent again: a later record of the same window
// is late.
func TestWindows_ContinueAfterEnd(t *testing.T) {
	for name, w := range map[string]api.Window{
		"tumbling": api.Tumbling(time.Minute), "days": api.Daily(time.UTC), "session": api.Session(time.Minute),
		"updates": api.Tumbling(time.Minute).Grace(time.Second).Updates(), "early session": api.Session(time.Minute).Early(api.EveryCommit()),
	} {
		t.Run(name, func(t *testing.T) {
			app := api.New("ends")
			windowed := app.From("hits", api.EventTime(hitTime)).PartitionBy("by-user", hitUser).Window("w", w)
			api.Finals(windowed.Count()).To("panes")
			windowed.Late().To("late")
			x := apitest.New(t, app, apitest.Options{Partitions: 2})
			var got []string
			for second := range 3 {
				x.Send("hits", hit{User: "ann", At: at(second)}, hit{User: fmt.Sprint("bob ", second), At: at(second)})
				x.End()
				for _, p := range x.Output[api.Pane[string, int64]]("panes") {
					got = append(got, fmt.Sprint(p.Key, " ", p.Value))
				}
			}
			late := x.Output[hit]("late")
			if len(got) != 4 || len(late) != 2 || late[0].User != "ann" || late[1].User != "ann" {
				t.Errorf("panes %v, late %v", got, late)
			}
			x.Send("hits", hit{User: "ann", At: at(200_000)})
			x.Advance(100 * time.Hour)
			if p := x.Output[api.Pane[string, int64]]("panes"); len(p) != 1 || p[0].Value != 1 {
				t.Errorf("in the next window: %v", p)
			}
		})
	}
}

// A window of slices that was sent before its time isn't sent again for its key, and its slices
// are in later windows.
func TestHopping_ContinuesAfterEnd(t *testing.T) {
	app := api.New("ends")
	windowed := app.FromKeyed[string]("hits", api.EventTime(hitTime)).Window("w", api.Hopping(3*time.Second, time.Second))
	windowed.Count().To("panes")
	windowed.Late().To("late")
	x := apitest.New(t, app)
	expect := func(want ...string) {
		t.Helper()
		var got []string
		for _, p := range x.Output[api.Pane[string, int64]]("panes") {
			got = append(got, fmt.Sprint(p.Key, " ", (p.Start.UnixMilli()-at(0))/1000, " ", p.Value))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	x.SendKeyed("hits", "ann", hit{At: at(10)})
	x.End()
	expect("ann 8 1", "ann 9 1", "ann 10 1")
	x.SendKeyed("hits", "ann", hit{At: at(10)})
	x.SendKeyed("hits", "bob", hit{At: at(10)})
	x.SendKeyed("hits", "ann", hit{At: at(11)})
	x.Advance(time.Minute)
	expect("bob 8 1", "bob 9 1", "bob 10 1", "ann 11 1")
	if late := x.Output[hit]("late"); len(late) != 1 {
		t.Errorf("late: %v", late)
	}
}

// A window without an end sends what its trigger says, and goes on after a bounded run.
func TestGlobal_GoesOnAfterEnd(t *testing.T) {
	app := api.New("global")
	app.FromKeyed[string]("hits", api.EventTime(hitTime)).Window("w", api.Global().Early(api.EveryN(2))).Count().To("panes")
	x := apitest.New(t, app)
	send := func(n int) {
		for range n {
			x.SendKeyed("hits", "ann", hit{At: at(1)})
		}
	}
	expect := func(want ...string) {
		t.Helper()
		var got []string
		for _, p := range x.Output[api.Pane[string, int64]]("panes") {
			got = append(got, fmt.Sprint(p.Value, " ", p.Timing, " ", p.Index))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	send(3)
	expect("2 early 0")
	x.Crash()
	x.Restart()
	send(1)
	expect("4 early 1")
	send(1)
	x.End()
	expect("5 final 2")
	x.End()
	expect()
	send(1)
	x.Advance(1000 * time.Hour)
	expect()
	send(1)
	expect("7 early 3")
}

// Early results by the clock are due after a restart, too, and only for what has changed.
func TestEarly_EverySurvivesRestart(t *testing.T) {
	app := api.New("early")
	app.FromKeyed[string]("hits", api.EventTime(hitTime)).Window("w", api.Session(time.Hour).Early(api.Every(10*time.Second))).Count().To("panes")
	x := apitest.New(t, app)
	expect := func(want ...int64) {
		t.Helper()
		var got []int64
		for _, p := range x.Output[api.Pane[string, int64]]("panes") {
			got = append(got, p.Value)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	x.SendKeyed("hits", "ann", hit{At: at(1)})
	x.Wait(5 * time.Second)
	expect()
	x.Restart()
	x.SendKeyed("hits", "ann", hit{At: at(2)})
	x.Wait(6 * time.Second)
	expect(2)
	x.Wait(time.Minute)
	expect()
	x.SendKeyed("hits", "ann", hit{At: at(3)})
	x.Wait(11 * time.Second)
	expect(3)
}
