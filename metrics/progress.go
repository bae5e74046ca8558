package metrics

import (
	"fmt"
	"strings"
	"time"
)

// Progress is a line for a terminal on how a job got on between two samples:
// records read from the user's topics since the start, records a second, what is
// left, and how long that may take:
//
//	1,234,567 records · 812,000/s · lag 45,000 · 3 s left
func Progress(before, after Sample) string {
	was, is := totalsByStage(before), totalsByStage(after)
	seconds := after.At.Sub(before.At).Seconds()
	var sum totals
	var rate, left float64
	known := true
	for stage, t := range is {
		sum.add(t)
		if seconds <= 0 {
			continue
		}
		// A task that moved here or away isn't speed.
		rate += float64(max(t.source-was[stage].source, 0)) / seconds
		speed := float64(max(t.records-was[stage].records, 0)) / seconds
		switch {
		case t.lag > 0 && speed > 0:
			left = max(left, float64(t.lag)/speed)
		case t.lag > 0:
			known = false
		}
	}
	parts := []string{thousands(sum.source) + " records"}
	if seconds > 0 {
		parts = append(parts, thousands(roundRate(rate))+"/s")
	}
	if sum.restore > 0 {
		parts = append(parts, "restoring: "+thousands(sum.restore)+" records to go")
	}
	parts = append(parts, "lag "+thousands(sum.lag))
	if sum.lag > 0 && known && seconds > 0 {
		parts = append(parts, roughly(time.Duration(left*float64(time.Second)))+" left")
	}
	return strings.Join(parts, " · ")
}

// totals are sums over the tasks of a stage.
type totals struct {
	records int64 // of all inputs
	source  int64 // of the user's topics
	lag     int64 // of all inputs, as far as known
	restore int64 // records left to restore
}

func (t *totals) add(o totals) {
	t.records += o.records
	t.source += o.source
	t.lag += o.lag
	t.restore += o.restore
}

func totalsByStage(s Sample) map[string]totals {
	sums := map[string]totals{}
	for _, c := range s.Containers {
		sum := sums[c.Stage]
		for _, t := range c.Tasks {
			sum.add(t.totals())
		}
		sums[c.Stage] = sum
	}
	return sums
}

func (t *Task) totals() totals {
	var sum totals
	for _, in := range t.Inputs {
		sum.records += in.Records
		sum.lag += max(in.Lag(), 0)
		if !in.Repartition {
			sum.source += in.Records
		}
	}
	for _, st := range t.Stores {
		sum.restore += st.RestoreRecords
	}
	return sum
}

// roundRate keeps three digits: the others change from line to line and mean
// nothing.
func roundRate(rate float64) int64 {
	unit := int64(1)
	for n := int64(rate); n >= 1000; n /= 10 {
		unit *= 10
	}
	return (int64(rate) + unit/2) / unit * unit
}

// thousands writes a number with a comma before each three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// roughly writes a time as people say it.
func roughly(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", max(1, int64(d.Round(time.Second).Seconds())))
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", int64(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int64(d.Round(time.Hour).Hours()))
	}
	return fmt.Sprintf("%d days", int64(d.Hours()+12)/24)
}
