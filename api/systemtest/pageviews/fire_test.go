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

func TestUnderFire_WritesEachWindowOnce(t *testing.T) {
	f := program.StartFire(t, program.Build(t, "pageviews"), firePartitions, input, output, "-containers", "2", "-commit-interval", "100ms")
	views := program.RunWithLoad(f, fireRate, generate(fireUsers, 100*time.Millisecond))
	// A later view in each partition closes all windows but its own.
	f.WriteToAll(PageView{UserID: "end", TS: views[len(views)-1].at().Add(time.Hour).UnixMilli()})
	comparison := program.Verify(f, count(views), func() map[window][]int64 { return results(t, f.Cluster().Read(output)) })
	t.Logf("%d views, %v; %v", len(views), comparison, f.Counts)
}
