package metrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gretestream/grete/metrics"
)

const docsHead = `# Metrics

A running program serves its metrics at ` + "`/metrics`" + `, in Prometheus' formats: text, OpenMetrics and, for native histograms, protobuf. The address is printed at the start; ` + "`-http`" + ` sets it. The metrics of Go and of the process are included (` + "`go_…`, `process_…`" + `).

Each container publishes its counters a few times a second. Counters start at 0 with the container, as Prometheus' ` + "`rate`" + ` expects. They count work done: records that are processed again after an aborted transaction count twice. An unknown value is missing rather than 0, for example the watermark before the first record.

` + "`/healthz`" + ` and ` + "`/readyz`" + ` are the liveness and readiness probes (in JSON: ` + "`/api/v1/health`" + ` and ` + "`/api/v1/ready`" + `). They answer 200, or 503 with a line for each problem. A container is healthy unless its event loop is stuck, also while it restores state. A process is ready when all of its tasks are running.

This page is generated from ` + "`metrics/list.go`" + `; ` + "`go test ./metrics -update`" + ` writes it.

| Metric | Type | Labels | Meaning |
| --- | --- | --- | --- |
`

func TestList_MatchesDocumentation(t *testing.T) {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, m := range metrics.List() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(m.Labels, ", "), m.Help)
	}
	golden(t, "../docs/metrics.md", b.String())
}
