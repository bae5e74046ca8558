package loop

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

const noon = 1796040000000 // 2026-11-30T12:00:00Z

// A record that makes others late is counted, and named in the log once.
func TestLoop_TellsWhoOvertakes(t *testing.T) {
	for name, test := range map[string]struct {
		times            []int64 // minutes from noon
		ahead, overtaken int64
		log              string // what the log names; empty: nothing
	}{
		"in order":             {[]int64{0, 1, 2, 3, 10}, 0, 0, ""},
		"usual disorder":       {[]int64{0, 1, 0, 2, 1, 3, 2}, 0, 0, ""},
		"older than the job":   {[]int64{0, 1, -60, 2}, 0, 0, ""},
		"within the bound":     {[]int64{0, 1, 50, 2, 3, 51}, 0, 2, "offset=2 watermark=2026-11-30T12:50:00Z late_offset=3 late_event_time=2026-11-30T12:02:00Z"},
		"beyond the bound":     {[]int64{0, 300, 1, 61}, 2, 1, "offset=1 watermark=2026-11-30T13:00:00Z late_offset=2"},
		"the first is ahead":   {[]int64{300, 0}, 1, 1, "offset=0 watermark=2026-11-30T13:00:00Z late_offset=1"},
		"history":              {[]int64{-9000, -3000, -8999, -2999}, 0, 1, "offset=1 watermark=2026-11-28T10:00:00Z late_offset=2"},
		"two, in one minute":   {[]int64{0, 20, 1, 40, 21}, 0, 2, "offset=1"},
		"nobody was overtaken": {[]int64{0, 50, 51, 52}, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			cfg := Config{Stage: &scheduler.Stage{Name: "in"}, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			l := &Loop{cfg: cfg, now: noon}
			p := &partition{TopicPartition: stream.TopicPartition{Topic: "views"}, watermark: stream.NoTime, maxAhead: 60 * jumpLength, counts: &metrics.Input{}}
			for i, minutes := range test.times {
				p.position = int64(i) + 1
				l.observe(p, noon+minutes*jumpLength)
			}
			if p.counts.Ahead != test.ahead || p.counts.Overtaken != test.overtaken {
				t.Errorf("%d ahead, %d overtaken", p.counts.Ahead, p.counts.Overtaken)
			}
			lines := strings.Count(log.String(), "\n")
			if !strings.Contains(log.String(), test.log) || (lines > 0) != (test.log != "") || lines > 1 {
				t.Errorf("log:\n%s", &log)
			}
		})
	}
}
