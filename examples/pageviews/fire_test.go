//go:build real && unix

package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/examples/internal/program"
)

const (
	firePartitions = 4
	fireUsers      = 60
	fireRate       = 2000 // views a second
)

// fireViews makes views without end, in the order of their time: in each second of
// the test a few minutes are over, and so a few windows of every user.
func fireViews() iter.Seq[PageView] {
	return func(yield func(PageView) bool) {
		r := rand.New(rand.NewPCG(7, 0))
		at := time.Date(2014, 5, 1, 12, 0, 0, 0, time.UTC)
		for {
			at = at.Add(time.Duration(1 + r.Int64N(int64(200*time.Millisecond))))
			v := PageView{Page: "/", TS: at.UnixMilli()}
			if n := r.IntN(fireUsers + 1); n > 0 {
				v.UserID = fmt.Sprintf("user-%d", n)
			}
			if !yield(v) {
				return
			}
		}
	}
}

// While the program is killed, stopped, copied and robbed of its state, and its
// broker killed, too, it writes each window once, and right.
func TestUnderFire(t *testing.T) {
	f := program.Ignite(t, program.Build(t), firePartitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	c := f.Cluster()
	var views []PageView
	feed := c.Feed(input, firePartitions, fireRate, func(yield func([]byte) bool) {
		for v := range fireViews() {
			b, err := json.Marshal(v)
			if err != nil {
				t.Error(err)
			}
			views = append(views, v)
			if !yield(b) {
				return
			}
		}
	})
	f.Rage(program.Kills(t))
	views = views[:feed.Stop()]
	if n := c.Ends(input); n != int64(len(views)) {
		t.Fatalf("%d views were written, and there are %d", len(views), n)
	}
	closeWindows(t, c, views[len(views)-1].At().Add(time.Hour))
	want := count(views)
	f.Within(time.Minute, func() bool { return len(results(t, c.Read(output))) >= len(want) })
	f.Out()
	lost, doubled, wrong := judge(t, results(t, c.Read(output)), want)
	t.Logf("%d views, %d windows: %d lost, %d doubled, %d wrong; %v", len(views), len(want), lost, doubled, wrong, f.Tally)
}

// judge counts the windows that aren't as they should be: not there, there more than
// once, or there with another count.
func judge(t *testing.T, got map[window][]int64, want map[window]int64) (lost, doubled, wrong int) {
	t.Helper()
	for w, n := range want {
		switch counts := got[w]; {
		case len(counts) == 0:
			lost++
		case len(counts) > 1:
			doubled++
		case counts[0] != n:
			wrong++
		default:
			continue
		}
		if lost+doubled+wrong <= 5 {
			t.Errorf("%v: got %v, want %d", w, got[w], n)
		}
	}
	for w := range got {
		if want[w] == 0 {
			t.Errorf("%v: there are no views of it", w)
		}
	}
	return lost, doubled, wrong
}

// closeWindows writes a view of a later time to each partition. Its own window stays
// open.
func closeWindows(t *testing.T, c program.Cluster, at time.Time) {
	t.Helper()
	var records []*kgo.Record
	for p := range int32(firePartitions) {
		value := encoded(t, []PageView{{UserID: "end", TS: at.UnixMilli()}})[0]
		records = append(records, &kgo.Record{Topic: input, Partition: p, Value: value})
	}
	c.Produce(records...)
}
