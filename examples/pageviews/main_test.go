package main

import (
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

func TestPipeline_CountsViewsPerUserAndMinute(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	at := func(user string, second int) PageView {
		return PageView{UserID: user, Page: "/", TS: noon.Add(time.Duration(second) * time.Second).UnixMilli()}
	}
	minute := func(user string, second int, n int64) api.Pane[string, int64] {
		start := noon.Add(time.Duration(second) * time.Second)
		return api.Pane[string, int64]{Key: user, Start: start, End: start.Add(time.Minute), Value: n, Timing: api.Final}
	}
	x := apitest.New(t, pipeline())
	x.Send("page-views", at("ada", 0), at("ken", 1), at("", 2), at("ada", 59), at("ada", 60))
	x.Advance(2 * time.Minute)
	x.Expect("views-per-user", minute("ada", 0, 2), minute("ken", 0, 1), minute("ada", 60, 1))
}

func TestSample_ClosesAMinuteEachSecond(t *testing.T) {
	start := time.UnixMilli(1_400_000_000_000)
	users := map[string]int{}
	var last PageView
	n := 0
	for v := range viewsFrom(start) {
		if n == 0 && !v.At().Equal(start) {
			t.Errorf("the first view is at %v, want %v", v.At(), start)
		}
		if v.TS < last.TS {
			t.Fatalf("a view at %v comes after one at %v", v.At(), last.At())
		}
		users[v.UserID]++
		last = v
		if n++; n == 2000 {
			break
		}
	}
	// A second's views close a window of a minute, disorder included.
	if passed := last.At().Sub(start); passed < 66*time.Second || passed > 100*time.Second {
		t.Errorf("%d views last %v", n, passed)
	}
	if len(users) < 5 || users[""] == 0 || users[""] > n/4 {
		t.Errorf("views of users: %v", users)
	}
}
