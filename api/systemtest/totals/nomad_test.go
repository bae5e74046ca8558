//go:build real && rocksdb && linux

package totals

import (
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
)

// TestOnNomad has a cluster do to a job whatever clusters do, under load: containers are
// killed, stopped, scaled, drained and starved, nodes are lost and cut off, the server is
// away, and the job is drained and started again. Each balance is there once and right.
func TestOnNomad(t *testing.T) {
	t.Parallel()
	a := board(t)
	a.took("registered, until there are results everywhere", func() {
		a.register()
		a.settled()
		a.everywhere()
	})
	for _, step := range []struct {
		name string
		do   func(*aboard)
	}{
		{"the commands say what is there", (*aboard).commands},
		{"a stage is scaled", (*aboard).scales},
		{"the server is killed, and comes back", (*aboard).serverIsAway},
		{"a container takes too much memory", (*aboard).starves},
		{"a node is drained", (*aboard).nodeIsDrained},
		{"a node is cut off, and comes back", (*aboard).nodeIsCutOff},
		{"a node is killed, and comes back", (*aboard).nodeIsKilled},
		{"an allocation is stopped", (*aboard).allocStops},
		{"a container is killed", (*aboard).containerIsKilled},
		{"the job is drained, and registered again", (*aboard).drains},
	} {
		began := time.Now()
		step.do(a)
		t.Logf("%-60s %6.2f s in all", step.name, time.Since(began).Seconds())
	}
	a.verdict()
}

// verdict ends the feed, and then the job, and counts.
func (a *aboard) verdict() {
	a.Helper()
	paid := a.paid[:a.feed.Stop()]
	want := balancesAfter(paid)
	a.c.Await("all results", func() bool {
		var sum int64
		for _, end := range a.ends(output) { // markers are among them
			sum += end
		}
		return sum >= int64(len(want)) && len(a.c.Read(output)) >= len(want)
	})
	a.took("stop -purge", func() { a.command("stop", "-purge") })
	if left := a.processes(); len(left) > 0 {
		a.Errorf("processes are left: %v", left)
	}
	for _, s := range a.status() {
		if len(s.Members) > 0 {
			a.Errorf("stage %s has members still: %+v", s.Name, s)
		}
	}
	got := balances(a.T, a.c.ReadAll(output))
	inOrder(a.T, got)
	a.Logf("%d payments, %v", len(paid), program.Compare(a, want, byPayment(got)))
}

func (a *aboard) commands() {
	out, _ := a.command("status", "-kafka", a.c.Address())
	for _, want := range []string{"on Nomad: job totals in namespace default", "by-account[1]", "CONTAINER", "running"} {
		if !strings.Contains(out, want) {
			a.Errorf("status doesn't say %q:\n%s", want, out)
		}
	}
	out, _ = a.command("logs", stateful)
	if !strings.Contains(out, "by-account[0] totals: on Kafka at") || !strings.Contains(out, "by-account[1] totals: ") || strings.Contains(out, "payments[") {
		a.Errorf("the stage's logs are:\n%s", out)
	}
	out, _ = a.command("logs", "by-account[1]")
	if strings.Contains(out, "by-account[0] ") || !strings.Contains(out, "by-account[1] ") {
		a.Errorf("the container's logs are:\n%s", out)
	}
}

// drains: all ends with nothing on its way, and Nomad starts nothing again.
func (a *aboard) drains() {
	a.settled()
	a.took("drain", func() { a.command("drain", "-kafka", a.c.Address()) })
	if left := a.processes(); len(left) > 0 {
		a.Errorf("processes are left: %v", left)
	}
	if read, results := a.c.Committed("totals-payments", input), len(a.c.ReadAll(output)); read == 0 || int64(results) != read {
		a.Errorf("it has read %d payments, and there are %d results", read, results)
	}
	if s, err := a.nomad.Status(a.Context(), "totals"); err != nil || s.State != "stopped" {
		a.Errorf("on Nomad it is %+v, %v", s, err)
	}
	a.took("registered again, until there are results everywhere", func() {
		a.register()
		a.settled()
		a.everywhere()
	})
}
