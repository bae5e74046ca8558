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

// scales: from two containers to four and back. What stays isn't touched, and what goes
// leaves at once.
func (a *aboard) scales() {
	before := a.settled()
	logs := a.follow()
	records := a.records(before)
	a.took("scale 2 to 4", func() { a.command("scale", stateful, "4") })
	a.took("… until there are results everywhere", a.everywhere)
	four := a.settled()
	if len(four.Containers) != 4 {
		a.Errorf("they are %+v", four.Containers)
	}
	if text := logs(); !strings.Contains(text, "by-account[0] totals: ") || !strings.Contains(text, "by-account[3] totals: ") || strings.Contains(text, "payments[") {
		a.Errorf("the logs that were followed are:\n%s", text)
	}
	a.goOn(records, a.records(four))
	records = a.records(four)
	began := time.Now()
	a.took("scale 4 to 2", func() { a.command("scale", stateful, "2") })
	if s := a.onNomad()[stateful]; len(s.Members) != 2 {
		a.Errorf("the group has %d members when it is over", len(s.Members))
	}
	a.everywhere()
	a.Logf("%-60s %6.2f s", "… until there are results everywhere", time.Since(began).Seconds())
	two := a.settled()
	if !slices.Equal(two.instances(), before.instances()) {
		a.Errorf("they were %v, and are %v", before.instances(), two.instances())
	}
	for instance, tasks := range a.records(two) {
		a.goOn(map[string]map[string]float64{instance: records[instance]}, map[string]map[string]float64{instance: tasks})
	}
}

// follow follows the logs of the stage. It ends when it is asked what it has seen.
func (a *aboard) follow() (end func() string) {
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

// records are those that the tasks of a stage have read, by instance and task.
func (a *aboard) records(s seenStage) map[string]map[string]float64 {
	a.Helper()
	all := make(map[string]map[string]float64)
	for _, k := range s.Containers {
		all[k.Instance] = a.metrics(k.Address, "grete_input_records_total")
	}
	return all
}

// goOn looks whether tasks that are where they were have never been closed: what they
// have read has grown since.
func (a *aboard) goOn(before, after map[string]map[string]float64) {
	a.Helper()
	stayed := 0
	for instance, tasks := range before {
		for task, n := range tasks {
			if now, ok := after[instance][task]; ok {
				stayed++
				if now < n {
					a.Errorf("%s has read %v of %s, and %v before: the task was closed", instance, now, task, n)
				}
			}
		}
	}
	if stayed == 0 {
		a.Errorf("no task has stayed")
	}
}
