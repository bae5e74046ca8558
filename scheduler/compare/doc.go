// Package compare says whether a job may continue by another plan. [Plans]
// compares two plans by what outlives a process: what their stages read, write
// and store, by name (scheduler/durable.go). Each difference becomes a [Change],
// with its consequence and the way out; the worst of them decides the [Verdict].
//
// Like package scheduler it is pure: data in, data out.
package compare
