//go:build real && rocksdb && linux

package totals

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// scaleStage scales a stage from two containers to four and back. Tasks that don't move stay
// open, and removed containers leave at once.
func (a *nomadJob) scaleStage() {
	before := a.settled()
	logs := a.follow()
	records := a.records(before)
	a.timed("scale 2 to 4", func() { a.command("scale", stateful, "4") })
	a.timed("… until all tasks have new results", a.awaitResults)
	four := a.settled()
	if len(four.Containers) != 4 {
		a.Errorf("want 4, got %+v", four.Containers)
	}
	if text := logs(); !strings.Contains(text, "by-account[0] totals: ") || !strings.Contains(text, "by-account[3] totals: ") || strings.Contains(text, "payments[") {
		a.Errorf("the followed logs are:\n%s", text)
	}
	a.checkOpen(records, a.records(four))
	records = a.records(four)
	began := time.Now()
	a.timed("scale 4 to 2", func() { a.command("scale", stateful, "2") })
	if s := a.onNomad()[stateful]; len(s.Members) != 2 {
		a.Errorf("the group still has %d members", len(s.Members))
	}
	a.awaitResults()
	a.Logf("%-60s %6.2f s", "… until all tasks have new results", time.Since(began).Seconds())
	two := a.settled()
	if !slices.Equal(two.instances(), before.instances()) {
		a.Errorf("they were %v, and now are %v", before.instances(), two.instances())
	}
	for instance, tasks := range a.records(two) {
		a.checkOpen(map[string]map[string]float64{instance: records[instance]}, map[string]map[string]float64{instance: tasks})
	}
}

// follow follows the logs of the stage, until the returned function is called, which returns
// them.
func (a *nomadJob) follow() (end func() string) {
	a.Helper()
	cmd := exec.CommandContext(a.Context(), a.path, "logs", "-f", stateful, "-nomad", a.nodes.Address())
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		a.Fatal(err)
	}
	return func() string {
		a.Helper()
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			a.Errorf("logs -f: %v", err)
		}
		return out.String()
	}
}

// records returns the number of records that the tasks of a stage have read, by instance and
// task.
func (a *nomadJob) records(s statusStage) map[string]map[string]float64 {
	a.Helper()
	all := make(map[string]map[string]float64)
	for _, k := range s.Containers {
		all[k.Instance] = a.metrics(k.Address, "grete_input_records_total")
	}
	return all
}

// checkOpen checks that tasks that haven't moved were never closed: their counts of records
// only grow.
func (a *nomadJob) checkOpen(before, after map[string]map[string]float64) {
	a.Helper()
	stayed := 0
	for instance, tasks := range before {
		for task, n := range tasks {
			if now, ok := after[instance][task]; ok {
				stayed++
				if now < n {
					a.Errorf("%s has read %v of %s, after %v before: the task was closed", instance, now, task, n)
				}
			}
		}
	}
	if stayed == 0 {
		a.Errorf("all tasks have moved")
	}
}
