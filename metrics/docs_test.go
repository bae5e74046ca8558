package metrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gretestream/grete/metrics"
)

const docsHead = `# Metrics

A running program serves its metrics in Prometheus' formats (text, OpenMetrics and, for native histograms, protobuf) at ` + "`/metrics`" + ` of the address that it prints at its start (` + "`-http`" + ` sets it). Beside them stand those of Go and of the process (` + "`go_…`, `process_…`" + `).

Each container counts for itself and shows a copy of its counters a few times a second. Counters begin at 0 when a container starts, as Prometheus' ` + "`rate`" + ` expects. They count work that was done: what was aborted and done again is counted again. A value that isn't known (the watermark before the first record, say) is missing, not 0.

Besides, ` + "`/healthz`" + ` answers 200 as long as every container's loop turns over, restoring ones included, and ` + "`/readyz`" + ` when all tasks run; otherwise they answer 503 and a sentence that says which doesn't.

This page is made from the list in ` + "`metrics/list.go`" + ` by ` + "`go test ./metrics -update`" + `.

| Metric | Type | Labels | What it says |
| --- | --- | --- | --- |
`

func TestDocumentation(t *testing.T) {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, m := range metrics.List() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(m.Labels, ", "), m.Help)
	}
	golden(t, "../docs/metrics.md", b.String())
}
