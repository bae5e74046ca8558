package scheduler

import "fmt"

// instant writes a time in ms since 1970, UTC, as people read it. Package time
// isn't used here: it is a clock.
func instant(ms int64) string {
	const day = 24 * 60 * 60 * 1000
	days, rest := ms/day, ms%day
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	year, month, dayOfMonth := civil(days)
	text := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", year, month, dayOfMonth, rest/3_600_000, rest/60_000%60, rest/1000%60)
	if frac := rest % 1000; frac != 0 {
		text += fmt.Sprintf(".%03d", frac)
	}
	return text + "Z"
}

// civil is the date of a day since 1970-01-01. It counts in eras of 400 years,
// whose years begin in March, so that a leap day comes last.
func civil(days int64) (year, month, day int64) {
	const era = 146_097 // days
	days += 719_468     // since 0000-03-01
	eras := days / era
	if days < 0 {
		eras = (days - era + 1) / era
	}
	ofEra := days - eras*era
	years := (ofEra - ofEra/1460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*years + years/4 - years/100)
	march := (5*ofYear + 2) / 153 // months since March
	day = ofYear - (153*march+2)/5 + 1
	month, year = march+3, eras*400+years
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}
