//go:build real && rocksdb && linux

package totals

import (
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
)

// A job runs under load while its containers are killed, stopped, scaled, drained and exceed
// their memory, while nodes are lost and cut off and the server is down. Then the job is
// drained and registered again. Each balance is written once.
func TestOnNomad_WritesEachBalanceOnce(t *testing.T) {
	t.Parallel()
	a := startOnNomad(t)
	a.timed("registered, until all tasks have new results", func() {
		a.register()
		a.settled()
		a.awaitResults()
	})
	for _, step := range []struct {
		name string
		do   func(*nomadJob)
	}{
		{"the commands show the job", (*nomadJob).commands},
		{"a stage is scaled", (*nomadJob).scaleStage},
		{"the server is killed and restarted", (*nomadJob).killServer},
		{"a container exceeds its memory", (*nomadJob).exceedMemory},
		{"a node is drained", (*nomadJob).drainNode},
		{"a node is cut off and rejoins", (*nomadJob).cutOffNode},
		{"a node is killed and restarted", (*nomadJob).killNode},
		{"an allocation is stopped", (*nomadJob).stopAllocation},
		{"a container is killed", (*nomadJob).killContainer},
		{"the job is drained and registered again", (*nomadJob).drainJob},
	} {
		began := time.Now()
		step.do(a)
		t.Logf("%-60s %6.2f s in all", step.name, time.Since(began).Seconds())
	}
	a.verify()
}

// verify ends the feed, and then the job, and compares the results.
func (a *nomadJob) verify() {
	a.Helper()
	paid := a.paid[:a.feed.Stop()]
	want := balancesAfter(paid)
	a.c.Await("all results", func() bool {
		var sum int64
		for _, end := range a.ends(output) { // transaction markers included
			sum += end
		}
		return sum >= int64(len(want)) && len(a.c.Read(output)) >= len(want)
	})
	a.timed("stop -purge", func() { a.command("stop", "-purge") })
	if left := a.processes(); len(left) > 0 {
		a.Errorf("processes remain: %v", left)
	}
	for _, s := range a.status() {
		if len(s.Members) > 0 {
			a.Errorf("stage %s still has members: %+v", s.Name, s)
		}
	}
	got := balances(a.T, a.c.ReadAll(output))
	checkOrder(a.T, got)
	a.Logf("%d payments, %v", len(paid), program.Compare(a, want, byPayment(got)))
}

func (a *nomadJob) commands() {
	out, _ := a.command("status", "-kafka", a.c.Address())
	for _, want := range []string{"on Nomad: job totals in namespace default", "by-account[1]", "CONTAINER", "running"} {
		if !strings.Contains(out, want) {
			a.Errorf("status lacks %q:\n%s", want, out)
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

// drainJob drains the job: nothing stays in flight, and Nomad starts nothing again.
func (a *nomadJob) drainJob() {
	a.settled()
	a.timed("drain", func() { a.command("drain", "-kafka", a.c.Address()) })
	if left := a.processes(); len(left) > 0 {
		a.Errorf("processes remain: %v", left)
	}
	if read, results := a.c.Committed("totals-payments", input), len(a.c.ReadAll(output)); read == 0 || int64(results) != read {
		a.Errorf("%d payments were read, but there are %d results", read, results)
	}
	if s, err := a.nomad.Status(a.Context(), "totals"); err != nil || s.State != "stopped" {
		a.Errorf("Nomad has %+v, %v", s, err)
	}
	a.timed("registered again, until all tasks have new results", func() {
		a.register()
		a.settled()
		a.awaitResults()
	})
}
