// Package metrics counts the work of containers, and exposes the counters to
// Prometheus, to health checks and to a progress line in a terminal.
//
// It is the left-most package: it imports no other package of Grete, and the
// others pass it plain data.
//
//	Loop ──Publish──▶ Snapshot ──▶ /metrics, health, readiness, Progress
//
// Counting and reading never share memory. A [Loop] and everything it points to
// belong to the goroutine of the event loop, which counts with plain additions:
// no locks, no atomics. A few times a second [Container.Publish] copies the
// counters to a [Snapshot], which never changes. All readers use snapshots.
//
// list.go defines each metric once, with its name, help and value. A test
// generates docs/metrics.md from that list.
package metrics
