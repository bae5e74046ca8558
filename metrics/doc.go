// Package metrics counts what a container does and shows it: to Prometheus, to
// health checks, and to a person at a terminal.
//
// It is the left-most package, and imports none of the others: they hand it
// plain data. On the record's way it stands beside the event loop, which adds to
// the integers of a [Loop]; on the job's way it is what operators look at.
//
//	Loop ──Publish──▶ Snapshot ──▶ /metrics, /healthz, /readyz, Progress
//
// Counting and looking never meet. A [Loop] and all that hangs on it belong to
// the goroutine of the event loop, which counts by plain additions, with no lock
// and no atomic. Every second or so it publishes: [Container.Publish] copies the
// integers to a [Snapshot], which never changes again, and everyone else reads
// that.
//
// Every metric stands once, with its name, help and value, in list.go.
// docs/metrics.md is made from that list by the tests.
package metrics
