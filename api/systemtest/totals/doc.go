// Package totals tests the program examples/totals as a whole: its state, which
// survives kills, bad disks, other processes that share its tasks, and the failures of a
// Nomad cluster.
package totals
