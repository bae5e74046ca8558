// The benchmark program is what stands for Grete where stream processors are
// compared: each of them does the same workload over the same topics, and is told
// by the same environment variables what to do; see [settings]. Flags of the
// command line, such as -at-least-once, are those of every program, and win over
// the variables.
//
// There is one workload yet, w4: how fast the state comes back from the changelog.
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

// pipeline is that of the workload.
func (s settings) pipeline() *api.App {
	return entries(s.runID, s.input, s.output, newMark(s.firstFile).set)
}
