package loop

import (
	"fmt"
	"math"
	"time"
)

// Event times outside these bounds, in ms since 1970, are a mistake: of a clock, of a unit,
// or of an EventTime function. Within them no sum of a time and a duration overflows.
const (
	minEventTime = -62135596800000 // 0001-01-01
	maxEventTime = 253402300799999 // the last millisecond of 9999
	// clockIsSet, 2020-01-01, is a time before which a clock can't be right. Machines without
	// a battery start in 1970, and so do tests: event times aren't compared with the clock then.
	clockIsSet = 1577836800000

	year = 366 * 24 * time.Hour
)

// UnixMilli returns t in ms since 1970, or the nearest number that there is.
func UnixMilli(t time.Time) int64 {
	switch s := t.Unix(); {
	case s > math.MaxInt64/1000-1:
		return math.MaxInt64
	case s < math.MinInt64/1000+1:
		return math.MinInt64
	}
	return t.UnixMilli()
}

// An EventTimeError is a record's event time that can't be right.
type EventTimeError struct {
	At  int64 // ms since 1970
	Now int64 // likewise; the clock, if the time is more than a year ahead of it
}

func (e *EventTimeError) Error() string {
	if e.At < minEventTime || e.At > maxEventTime {
		return fmt.Sprintf("the event time, %d ms since 1970, is outside the years 1 to 9999; correct it in EventTime, or skip such records with OnError", e.At)
	}
	return fmt.Sprintf("the event time %s is more than a year ahead of the clock, which is at %s; correct it in EventTime, or skip such records with OnError", formatTime(e.At), formatTime(e.Now))
}

func formatTime(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// CheckEventTime returns an [EventTimeError] if a record's event time is outside the years
// 1 to 9999, or more than a year ahead of the clock. All times are in ms since 1970.
func CheckEventTime(at, now int64) error {
	if at < minEventTime || at > maxEventTime {
		return &EventTimeError{At: at}
	}
	if now >= clockIsSet && at > now+year.Milliseconds() {
		return &EventTimeError{At: at, Now: now}
	}
	return nil
}

// An AheadError is a record that is further ahead of the clock than its input takes.
type AheadError struct {
	At, Now  int64 // ms since 1970
	MaxAhead time.Duration
	Skips    bool // the record is skipped, whatever the input does with other failures
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("the event time %s is further ahead of the clock, which is at %s, than MaxAhead, %v", formatTime(e.At), formatTime(e.Now), e.MaxAhead)
}

// IsAhead reports whether a record is further ahead of the clock than maxAhead; 0: without
// bound.
func IsAhead(at, now int64, maxAhead time.Duration) bool {
	return at > latestEventTime(now, maxAhead.Milliseconds())
}

// latestEventTime is the highest event time by which a record may move the watermark.
func latestEventTime(now, maxAhead int64) int64 {
	if maxAhead == 0 || now < clockIsSet {
		return math.MaxInt64
	}
	return now + maxAhead
}
