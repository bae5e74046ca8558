//go:build real && unix

package main

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

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
	views := program.Burn(f, fireRate, fireViews())
	// A view of a later time in each partition closes all windows but its own.
	f.WriteToAll(PageView{UserID: "end", TS: views[len(views)-1].At().Add(time.Hour).UnixMilli()})
	verdict := program.Judge(f, count(views), func() map[window][]int64 { return results(t, f.Cluster().Read(output)) })
	t.Logf("%d views, %v; %v", len(views), verdict, f.Tally)
}
