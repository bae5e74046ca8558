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
	v := underFire(t, program.Build(t), func(f *program.Fire) { f.Rage(program.Kills(t)) })
	if v.lost+v.doubled+v.wrong > 0 {
		t.Error("each window should be there once, with the right count")
	}
}

// The fire is hot: at least once the program, killed a few times, loses nothing, and
// doubles are seen.
func TestUnderFireAtLeastOnce(t *testing.T) {
	v := underFire(t, program.Build(t), func(f *program.Fire) { f.Kill(6) }, "-at-least-once")
	if v.lost > 0 || v.doubled+v.wrong == 0 {
		t.Error("nothing should be lost, and something should be there twice")
	}
}

// A verdict is how many windows aren't as they should be: not there, there more than
// once, or there with another count.
type verdict struct{ lost, doubled, wrong int }

// underFire runs the program on a broker while views come in and rage does its work,
// and then lets it come to its end.
func underFire(t *testing.T, path string, rage func(*program.Fire), args ...string) verdict {
	t.Helper()
	f := program.Ignite(t, path, firePartitions, input, output, append(args, "-containers", "2", "-commit-interval", "100ms")...)
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
	rage(f)
	views = views[:feed.Stop()]
	if n := c.Ends(input); n != int64(len(views)) {
		t.Fatalf("%d views were written, and there are %d", len(views), n)
	}
	closeWindows(t, c, views[len(views)-1].At().Add(time.Hour))
	want := count(views)
	f.Within(time.Minute, func() bool { return len(results(t, c.Read(output))) >= len(want) })
	f.Out()
	v := judge(t, results(t, c.Read(output)), want)
	t.Logf("%d views, %d windows: %d lost, %d doubled, %d wrong; %v", len(views), len(want), v.lost, v.doubled, v.wrong, f.Tally)
	return v
}

func judge(t *testing.T, got map[window][]int64, want map[window]int64) (v verdict) {
	t.Helper()
	for w, n := range want {
		switch counts := got[w]; {
		case len(counts) == 0:
			v.lost++
		case len(counts) > 1:
			v.doubled++
		case counts[0] != n:
			v.wrong++
		default:
			continue
		}
		if v.lost+v.doubled+v.wrong <= 5 {
			t.Logf("%v: got %v, want %d", w, got[w], n)
		}
	}
	for w := range got {
		if want[w] == 0 {
			t.Errorf("%v: there are no views of it", w)
		}
	}
	return v
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
