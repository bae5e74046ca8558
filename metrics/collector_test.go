package metrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"

	"github.com/gretestream/grete/metrics"
)

// exposition returns reg's metrics in Prometheus' text format.
func exposition(t *testing.T, reg *metrics.Registry) string {
	t.Helper()
	all := prometheus.NewPedanticRegistry()
	if err := all.Register(metrics.NewCollector(reg)); err != nil {
		t.Fatal(err)
	}
	families, err := all.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestCollector_Exposition(t *testing.T) {
	c := newClock()
	reg := newRegistry(c)
	reg.Container("by-user", 1).Publish(countingLoop(c))
	reg.Container("page-views", 0) // hasn't published yet
	golden(t, "testdata/exposition.txt", exposition(t, reg))
}

func TestCollector_OmitsUnknownValues(t *testing.T) {
	c := newClock()
	reg := newRegistry(c)
	reg.Container("s", 0).Publish(&metrics.Loop{Tasks: []*metrics.Task{{
		State: metrics.TaskRestoring, Watermark: metrics.NoTime,
		Inputs: []*metrics.Input{
			{Topic: "unopened", Next: -1, End: -1},
			{Topic: "unread", Next: 0, End: 5},
			{Topic: "empty", Next: 5, End: 5},
		},
		Stores: []*metrics.Store{{Name: "st", RestoreRecords: 7}},
	}}})
	text := exposition(t, reg)
	for _, missing := range []string{
		"grete_commit_age_seconds{", "grete_cache_bytes{", "grete_cache_dirty_bytes{", "grete_cache_limit_bytes{", "grete_task_watermark_timestamp_seconds{", "grete_task_watermark_lag_seconds{",
		`grete_input_lag_records{app="pageviews",container="0",partition="0",stage="s",task="0",topic="unopened"}`,
		`grete_input_lag_seconds{app="pageviews",container="0",partition="0",stage="s",task="0",topic="unread"}`,
		"grete_store_restore_remaining_bytes{",
	} {
		if strings.Contains(text, missing) {
			t.Errorf("%s is shown", missing)
		}
	}
	for _, shown := range []string{
		`grete_input_lag_records{app="pageviews",container="0",partition="0",stage="s",task="0",topic="unread"} 5`,
		`grete_input_lag_seconds{app="pageviews",container="0",partition="0",stage="s",task="0",topic="empty"} 0`,
		`grete_task_state{app="pageviews",container="0",stage="s",state="restoring",task="0"} 1`,
		`grete_task_state{app="pageviews",container="0",stage="s",state="running",task="0"} 0`,
	} {
		if !strings.Contains(text, shown) {
			t.Errorf("%s is missing", shown)
		}
	}
}

func TestCollector_NamesPassPromlint(t *testing.T) {
	c := newClock()
	reg := newRegistry(c)
	l := countingLoop(c)
	for _, p := range metrics.RocksDBProperties() {
		l.Tasks[0].Stores[0].Properties = append(l.Tasks[0].Stores[0].Properties, metrics.Property{Name: p})
	}
	reg.Container("by-user", 0).Publish(l)
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(metrics.NewCollector(reg))
	families, err := all.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if len(families) != len(metrics.List()) {
		t.Errorf("%d metrics are exposed, %d are listed", len(families), len(metrics.List()))
	}
	seen := map[string]bool{}
	for _, m := range metrics.List() {
		if seen[m.Name] {
			t.Errorf("%s is listed twice", m.Name)
		}
		seen[m.Name] = true
	}
}

func ExampleList() {
	fmt.Println(metrics.List()[2].Name)
	// Output: grete_loop_turns_total
}
