// Package benchmark tests the program examples/benchmark as a whole: its answers after the local
// state was wiped.
package benchmark
