//go:build real && unix

package pageviews

import (
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
)

const (
	firePartitions = 4
	fireUsers      = 60
	fireRate       = 2000 // views a second
)

// While the program is killed, stopped, copied and robbed of its state, and its
// broker killed, too, it writes each window once, and right.
func TestUnderFire(t *testing.T) {
	f := program.Ignite(t, program.Build(t, "pageviews"), firePartitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	views := program.Burn(f, fireRate, generate(fireUsers, 100*time.Millisecond))
	// A view of a later time in each partition closes all windows but its own.
	f.WriteToAll(PageView{UserID: "end", TS: views[len(views)-1].at().Add(time.Hour).UnixMilli()})
	verdict := program.Judge(f, count(views), func() map[window][]int64 { return results(t, f.Cluster().Read(output)) })
	t.Logf("%d views, %v; %v", len(views), verdict, f.Tally)
}
