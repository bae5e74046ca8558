package metrics_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/metrics"
)

func TestProgress_Text(t *testing.T) {
	type totals = metrics.Totals
	for name, tt := range map[string]struct {
		before, now totals
		want        string
	}{
		"nothing yet":          {totals{}, totals{}, "0 records · 0/s · lag 0"},
		"lagging":              {totals{Records: 1_000_000}, totals{Records: 2_624_691, Lag: 2_400_000}, "2,624,691 records · 812,000/s · lag 2,400,000 · 3 s left"},
		"caught up":            {totals{Records: 100}, totals{Records: 102}, "102 records · 1/s · lag 0"},
		"nearly done":          {totals{}, totals{Records: 1000, Lag: 1}, "1,000 records · 500/s · lag 1 · 1 s left"},
		"no rate":              {totals{Records: 5}, totals{Records: 5, Lag: 7}, "5 records · 0/s · lag 7"},
		"minutes":              {totals{}, totals{Records: 2000, Lag: 600_000}, "2,000 records · 1,000/s · lag 600,000 · 10 min left"},
		"hours":                {totals{}, totals{Records: 2, Lag: 36_000}, "2 records · 1/s · lag 36,000 · 10 h left"},
		"never":                {totals{}, totals{Records: 2, Lag: 1 << 40}, "2 records · 1/s · lag 1,099,511,627,776"},
		"second stage is slow": {totals{}, totals{Records: 2000, Lag: 1000, RepartitionRecords: 20, RepartitionLag: 200}, "2,000 records · 1,000/s · lag 1,200 · 20 s left"},
		"set aside":            {totals{}, totals{Records: 2, Late: 1234, Skipped: 5}, "2 records · 1/s · lag 0 · 1,234 late · 5 skipped"},
		"restarted":            {totals{Records: 10}, totals{Records: 2, Lag: 5}, "2 records · 0/s · lag 5"},
		"restoring":            {totals{Restored: 1000}, totals{Restored: 3_000, Restoring: 9_000}, "restoring · 3,000 records · 1,000/s · 9,000 remaining · 9 s left"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.now.At = tt.before.At.Add(2 * time.Second)
			if got := metrics.Progress(tt.before, tt.now); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSample_Totals(t *testing.T) {
	c := newClock()
	reg := newRegistry(c)
	reg.Container("by-user", 0).Publish(countingLoop(c))
	reg.Container("page-views", 0).Publish(&metrics.Loop{Tasks: []*metrics.Task{{Inputs: []*metrics.Input{
		{Records: 50, Next: 3, End: 13},
		{Records: 60, Next: -1, End: -1},
	}}}})
	got := reg.Sample().Totals()
	want := metrics.Totals{At: c.now, Records: 110, Lag: 10, RepartitionRecords: 90, RepartitionLag: 42, Late: 2, Skipped: 2, Restored: 10, Restoring: 5}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func ExampleProgress() {
	began := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	before := metrics.Totals{At: began, Records: 422_567, Lag: 3_300_000}
	now := metrics.Totals{At: began.Add(time.Second), Records: 1_234_567, Lag: 2_436_000}
	fmt.Println(metrics.Progress(before, now))
	// Output: 1,234,567 records · 812,000/s · lag 2,436,000 · 3 s left
}
