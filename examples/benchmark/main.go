// Benchmark is Grete's program in comparisons of stream processors. Each program runs the same
// workload over the same topics, configured by the same environment variables; see [settings].
// It has the flags of every Grete program, such as -at-least-once, which win over the
// variables.
//
// The workloads are:
//
//	w1  views.go: drops the page views of one country and makes the others smaller
//	w2  views.go: counts the page views of each user and minute of event time
//	w3  profiles.go: joins page views with the profiles of their users
//	w4  entries.go: keeps entries, which are then looked up: measures how fast state is restored
package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/gretestream/grete/api"
)

func main() {
	s, err := readSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(2)
	}
	os.Args = slices.Insert(os.Args, 1, s.flags()...)
	s.pipeline().Main()
}

// workloads returns what makes the pipeline of each workload. first is called with each record.
func workloads() map[string]func(s settings, first func()) *api.App {
	return map[string]func(settings, func()) *api.App{"w1": slim, "w2": counts, "w3": profiles, "w4": entries}
}

// pipeline returns the pipeline of the workload.
func (s settings) pipeline() *api.App {
	return workloads()[s.workload](s, newMark(s.firstFile).set)
}
