package layout

import (
	"math/rand/v2"
	"testing"
	"time"
)

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestDay_KnownDays(t *testing.T) {
	for _, c := range []struct {
		zone, at, start, end string
	}{
		{"UTC", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"},
		{"UTC", "1969-12-31T23:59:59.999Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{"Europe/Berlin", "2026-10-25T12:00:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"America/New_York", "2026-03-08T12:00:00-04:00", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"},
		{"America/New_York", "2026-11-01T01:30:00-05:00", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		// Clocks are put forward at midnight: the day begins at 01:00.
		{"America/Sao_Paulo", "2018-11-04T12:00:00-02:00", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		{"America/Sao_Paulo", "2018-11-03T23:59:59-03:00", "2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00"},
		// Clocks are put back at midnight: the day before ends with 23:00 to 24:00 a second time.
		{"America/Sao_Paulo", "2018-02-17T23:30:00-03:00", "2018-02-17T00:00:00-02:00", "2018-02-18T00:00:00-03:00"},
		// Clocks are put back from 01:00 to 00:00: midnight comes twice.
		{"America/Havana", "2020-11-01T00:30:00-05:00", "2020-11-01T00:00:00-04:00", "2020-11-02T00:00:00-05:00"},
		// Clocks are put back from 00:01 to 23:01: the new day has begun.
		{"America/St_Johns", "2006-10-28T23:30:00-03:30", "2006-10-29T00:00:00-02:30", "2006-10-30T00:00:00-03:30"},
		// There was no 30 December 2011.
		{"Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"},
		{"Pacific/Apia", "2011-12-31T12:00:00+14:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"},
	} {
		at := parseTime(t, c.at)
		start, end := day(zoneOf(t, c.zone), at)
		if start != parseTime(t, c.start) || end != parseTime(t, c.end) {
			t.Errorf("%s, %s: from %v to %v, want %s to %s", c.zone, c.at, time.UnixMilli(start).UTC(), time.UnixMilli(end).UTC(), c.start, c.end)
		}
	}
}

func parseTime(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

// Days follow each other without gaps, and each contains the times that it was found by.
func TestDay_PartitionsTime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "America/St_Johns", "Pacific/Apia", "Asia/Beirut", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kwajalein"} {
		zone := zoneOf(t, name)
		for range 20 {
			from := time.Date(1900+rnd.IntN(150), time.Month(1+rnd.IntN(12)), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
			start, end := day(zone, from)
			for range 400 {
				for _, at := range []int64{start, end - 1, start + rnd.Int64N(end-start)} {
					if s, e := day(zone, at); s != start || e != end {
						t.Fatalf("%s: %v is in the day from %v to %v, not from %v to %v", name, time.UnixMilli(at).In(zone), time.UnixMilli(s).In(zone), time.UnixMilli(e).In(zone), time.UnixMilli(start).In(zone), time.UnixMilli(end).In(zone))
					}
				}
				was := end
				if start, end = day(zone, end); start != was || end <= start {
					t.Fatalf("%s: the day after %v is from %v to %v", name, time.UnixMilli(was).In(zone), time.UnixMilli(start).In(zone), time.UnixMilli(end).In(zone))
				}
			}
		}
	}
}

func TestCheckZone(t *testing.T) {
	for name, zone := range map[string]*time.Location{"Local": time.Local, "FixedZone": time.FixedZone("CET", 7200), "no name": time.FixedZone("", 0), "unknown": time.FixedZone("Nowhere", 0)} {
		if CheckZone(zone) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, name := range []string{"UTC", "Europe/Berlin"} {
		if err := CheckZone(zoneOf(t, name)); err != nil {
			t.Error(err)
		}
	}
}
