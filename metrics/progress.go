package metrics

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Totals are the counters of all containers of a process, added up.
type Totals struct {
	At                                 time.Time
	Records, Lag                       int64 // of the topics from outside
	RepartitionRecords, RepartitionLag int64 // records processed of, and lag in, repartition topics
	Late                               int64
	Ahead, Overtaken                   int64 // as in [Input]
	Skipped                            int64
	Restored                           int64
	Restoring                          int64 // records left to be restored
}

// Totals adds up the containers.
func (s Sample) Totals() Totals {
	sum := Totals{At: s.At}
	for _, c := range s.Containers {
		for _, t := range c.Tasks {
			sum.add(t)
		}
	}
	return sum
}

func (sum *Totals) add(t *Task) {
	for _, in := range t.Inputs {
		sum.Skipped += in.Skipped
		sum.Ahead += in.Ahead
		sum.Overtaken += in.Overtaken
		if in.Repartition {
			sum.RepartitionRecords += in.Records
			sum.RepartitionLag += max(0, in.Lag())
		} else {
			sum.Records += in.Records
			sum.Lag += max(0, in.Lag())
		}
	}
	for _, op := range t.Operators {
		sum.Late += op.Late
		sum.Skipped += op.Skipped
	}
	for _, s := range t.Stores {
		sum.Restored += s.RestoredRecords
		sum.Restoring += s.RestoreRecords
	}
}

// Progress formats a job's progress for a terminal, from two totals that are a few
// seconds apart:
//
//	1,234,567 records · 812,000/s · lag 45,000 · 3 s left
//
// A record that passes several stages counts once, in the first.
func Progress(before, now Totals) string {
	if now.Restoring > 0 {
		rate := perSecond(before.Restored, now.Restored, now.At.Sub(before.At))
		return line("restoring", grouped(now.Restored)+" records", rounded(rate)+"/s", grouped(now.Restoring)+" remaining", left(now.Restoring, rate))
	}
	elapsed := now.At.Sub(before.At)
	outer, inner := perSecond(before.Records, now.Records, elapsed), perSecond(before.RepartitionRecords, now.RepartitionRecords, elapsed)
	parts := []string{grouped(now.Records) + " records", rounded(outer) + "/s", "lag " + grouped(now.Lag+now.RepartitionLag), ""}
	// The job has caught up when both the inputs and the repartition topics are
	// read; show the longer time.
	if seconds(now.RepartitionLag, inner) > seconds(now.Lag, outer) {
		parts[3] = left(now.RepartitionLag, inner)
	} else {
		parts[3] = left(now.Lag, outer)
	}
	if now.Late > 0 {
		parts = append(parts, grouped(now.Late)+" late")
	}
	if now.Skipped > 0 {
		parts = append(parts, grouped(now.Skipped)+" skipped")
	}
	return line(parts...)
}

func line(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}

func perSecond(from, to int64, elapsed time.Duration) float64 {
	if elapsed <= 0 || to < from { // a restarted container counts from 0
		return 0
	}
	return float64(to-from) / elapsed.Seconds()
}

func seconds(records int64, rate float64) float64 {
	if records == 0 || rate == 0 {
		return 0
	}
	return float64(records) / rate
}

// left formats the time that the records will take. It returns "" if there are no
// records, the rate is unknown, or the estimate is absurd.
func left(records int64, rate float64) string {
	s := seconds(records, rate)
	switch {
	case s == 0 || s > 1000*3600:
		return ""
	case s < 100:
		return fmt.Sprintf("%.0f s left", max(s, 1))
	case s < 100*60:
		return fmt.Sprintf("%.0f min left", s/60)
	}
	return fmt.Sprintf("%.0f h left", s/3600)
}

// rounded formats a rate with three significant digits.
func rounded(v float64) string {
	n, unit := int64(v+0.5), int64(1)
	for n/unit >= 1000 {
		unit *= 10
	}
	return grouped((n + unit/2) / unit * unit)
}

// grouped formats a number with commas between the thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
