package layout

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // 450 kB: zones are found on machines without a database of them, too
)

// Zone returns the time zone of a name in the IANA database.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, errors.New("it has no name that is the same on all machines")
	}
	return time.LoadLocation(name)
}

// CheckZone returns an error if a zone isn't that of its name in the IANA database, such
// as a time.FixedZone: a stored name would lead to another zone.
func CheckZone(zone *time.Location) error {
	known, err := Zone(zone.String())
	if err != nil {
		return err
	}
	for year := 1970; year < 2040; year += 10 {
		for _, month := range []time.Month{time.January, time.July} {
			at := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
			_, want := at.In(known).Zone()
			if _, got := at.In(zone).Zone(); got != want {
				return fmt.Errorf("its offset in %v differs from that of zone %q in the IANA database", at.Format("January 2006"), zone)
			}
		}
	}
	return nil
}

// day returns the calendar day that a time is in: when it starts, and when the next one does.
func day(zone *time.Location, ms int64) (start, end int64) {
	t := time.UnixMilli(ms).In(zone)
	y, m, d := t.Date()
	start, end = dayStart(zone, y, m, d), dayStart(zone, y, m, d+1)
	// A clock that is turned back after midnight comes to the day before once more. That
	// hour belongs to the day that had begun.
	for ; ms >= end; d++ {
		start, end = end, dayStart(zone, y, m, d+2)
	}
	// A day that a zone leaves out has no length.
	for ; start == end; d++ {
		end = dayStart(zone, y, m, d+2)
	}
	return start, end
}

// dayStart returns the first time at which clocks show a date or a later one.
func dayStart(zone *time.Location, year int, month time.Month, date int) int64 {
	t := time.Date(year, month, date, 0, 0, 0, 0, zone)
	from, to := t.ZoneBounds()
	midnight := time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	switch shown := wall(t); {
	case shown.Before(midnight): // clocks are put forward over midnight, after t
		return to.UnixMilli()
	case shown.After(midnight): // the same, before t
		return from.UnixMilli()
	case !from.IsZero():
		// Clocks may be put back over midnight: it is shown twice, and the first time counts.
		_, offset := from.Add(-1).Zone()
		if first := midnight.Add(-time.Duration(offset) * time.Second); first.Before(from) && first.Before(t) {
			return first.UnixMilli()
		}
	}
	return t.UnixMilli()
}

// wall returns what clocks show, as a time in UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
