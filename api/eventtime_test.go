package api_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// today is the clock of these tests.
var today = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// viewsPerMinute counts views by their keys, in windows.
func viewsPerMinute(opts ...api.InputOption[view]) *api.App {
	app := api.New("times")
	app.FromKeyed[string]("views", opts...).Window("per-minute", api.Tumbling(time.Minute)).Count().To("counts")
	return app
}

// counted sums the panes of each user.
func counted(t *testing.T, x *apitest.Test) map[string]int64 {
	t.Helper()
	sums := make(map[string]int64)
	for _, p := range x.Output[api.Pane[string, int64]]("counts") {
		if !p.Start.Before(p.End) {
			t.Errorf("a pane of %s is from %v to %v", p.Key, p.Start, p.End)
		}
		sums[p.Key] += p.Value
	}
	return sums
}

func sendAt(x *apitest.Test, user string, at ...int64) {
	for _, ms := range at {
		x.SendKeyed("views", user, view{User: user, At: ms})
	}
}

func TestEventTime_OutOfRangeIsSkipped(t *testing.T) {
	const t0 = 1400000000000
	for name, odd := range map[string]int64{
		"the least": math.MinInt64, "the greatest": math.MaxInt64, "before year 1": -62135596800001,
		"after 9999": 253402300800000, "seconds taken for years": t0 * 1000,
	} {
		t.Run(name, func(t *testing.T) {
			x := apitest.New(t, viewsPerMinute(eventTime(), api.OnError[view](api.Skip())))
			sendAt(x, "ada", t0, t0+1000)
			sendAt(x, "bob", odd)
			sendAt(x, "ada", t0+2000, t0+3000, t0+4000)
			x.End()
			if got := counted(t, x); got["ada"] != 5 || got["bob"] != 0 {
				t.Errorf("counted %v", got)
			}
		})
	}
}

// The first and the last millisecond that are allowed have panes that contain them.
func TestEventTime_AtTheBounds(t *testing.T) {
	for _, at := range []int64{-62135596800000, 253402300799999} {
		x := apitest.New(t, viewsPerMinute(eventTime().Disorder(math.MaxInt64)))
		sendAt(x, "ada", at)
		x.End()
		if got := counted(t, x); got["ada"] != 1 {
			t.Errorf("%d ms: counted %v", at, got)
		}
	}
}

func TestEventTime_YearAheadIsSkipped(t *testing.T) {
	x := apitest.New(t, viewsPerMinute(eventTime(), api.OnError[view](api.Skip())), apitest.Options{Clock: today})
	now := today.UnixMilli()
	sendAt(x, "ada", now)
	sendAt(x, "bob", today.AddDate(2, 0, 0).UnixMilli())
	sendAt(x, "cleo", today.AddDate(-20, 0, 0).UnixMilli()) // late, but nothing is wrong with it
	sendAt(x, "ada", now+1)
	x.End()
	if got := counted(t, x); got["ada"] != 2 || len(got) != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestMaxAhead_BoundsTheWatermark(t *testing.T) {
	now := today.UnixMilli()
	for name, test := range map[string]struct {
		options []api.InputOption[view]
		late    int64 // of ada's 2 records after the one that is ahead
	}{
		"default":      {[]api.InputOption[view]{eventTime()}, 1},
		"two hours":    {[]api.InputOption[view]{eventTime().MaxAhead(2 * time.Hour)}, 2},
		"off":          {[]api.InputOption[view]{eventTime().MaxAhead(0)}, 2},
		"one minute":   {[]api.InputOption[view]{eventTime().MaxAhead(time.Minute)}, 0},
		"of all times": {[]api.InputOption[view]{api.OnError[view](api.Fail()).MaxAhead(time.Minute), eventTime()}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			x := apitest.New(t, viewsPerMinute(test.options...), apitest.Options{Clock: today})
			sendAt(x, "bob", now+90*24*time.Hour.Milliseconds())
			sendAt(x, "ada", now+10*time.Minute.Milliseconds(), now+61*time.Minute.Milliseconds())
			x.End()
			if got := counted(t, x); got["ada"] != 2-test.late || got["bob"] != 1 {
				t.Errorf("counted %v, want %d of ada and 1 of bob", got, 2-test.late)
			}
		})
	}
}

// A record that isn't taken changes nothing: neither counts nor event time.
func TestOnAhead(t *testing.T) {
	now := today.UnixMilli()
	for name, test := range map[string]struct {
		options []api.InputOption[view]
		fails   bool
	}{
		"skip":                 {options: []api.InputOption[view]{eventTime().OnAhead(api.Skip())}},
		"fail, and skip":       {options: []api.InputOption[view]{eventTime().OnAhead(api.Fail()), api.OnError[view](api.Skip())}},
		"fail":                 {options: []api.InputOption[view]{eventTime().OnAhead(api.Fail())}, fails: true},
		"skip, set beforehand": {options: []api.InputOption[view]{api.OnError[view](api.Fail()).OnAhead(api.Skip()), eventTime()}},
	} {
		t.Run(name, func(t *testing.T) {
			job := &failing{TB: t}
			x := apitest.New(job, viewsPerMinute(test.options...), apitest.Options{Clock: today})
			sendAt(x, "ada", now)
			sendAt(x, "bob", now+61*time.Minute.Milliseconds())
			if test.fails {
				job.run(x.End)
				if !strings.Contains(job.failure, "is further ahead of the clock, which is at") {
					t.Errorf("it failed with %q", job.failure)
				}
				return
			}
			sendAt(x, "ada", now+1, now+2, now+59*time.Minute.Milliseconds())
			x.End()
			if got := counted(t, x); got["ada"] != 4 || len(got) != 1 {
				t.Errorf("counted %v", got)
			}
			if s := x.Skipped(); len(s) != 1 || !strings.Contains(s[0], "than MaxAhead, 1h0m0s") {
				t.Errorf("skipped %v", s)
			}
		})
	}
}

// The clock isn't that of the records: they are processed as they come.
func TestMaxAhead_HistoryNeverMeetsIt(t *testing.T) {
	x := apitest.New(t, viewsPerMinute(eventTime().MaxAhead(time.Millisecond)), apitest.Options{Clock: today})
	for day := range 100 {
		sendAt(x, "ada", today.AddDate(-10, 0, day).UnixMilli())
	}
	x.Wait(time.Second)
	if got := counted(t, x); got["ada"] != 99 {
		t.Errorf("counted %v, want all but the last day", got)
	}
}

func TestMistakes_NegativeTimes(t *testing.T) {
	app := api.New("times")
	app.From("a", eventTime().Disorder(-time.Second)).To("b")
	app.From("c", eventTime().MaxAhead(-time.Second)).To("d")
	app.From("e", eventTime().MaxAhead(0).OnAhead(api.Skip())).To("f")
	_, err := app.Pipeline().Graph()
	if err == nil || !strings.Contains(err.Error(), "eventtime_test.go:160: the disorder -1s of an input is negative") ||
		!strings.Contains(err.Error(), "eventtime_test.go:161: the MaxAhead -1s of an input is negative") ||
		!strings.Contains(err.Error(), "eventtime_test.go:162: OnAhead has no effect, as MaxAhead(0) sets no bound") {
		t.Errorf("got %v", err)
	}
}
