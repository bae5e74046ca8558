package json

import (
	"encoding/base64"
	"time"
)

// time decodes a time in the form of RFC 3339. Those that aren't in UTC, or in
// another form, are decoded by package time.
func (d *decoder) time(p pointer, i int) int {
	if d.src[i] != '"' {
		return handOver
	}
	end, odd := scan(d.src, i+1)
	if odd != 0 {
		return handOver
	}
	t := as[time.Time](p)
	if utc, ok := parseUTC(d.src[i+1 : end]); ok {
		*t = utc
		return end + 1
	}
	if t.UnmarshalJSON(d.src[i:end+1]) != nil {
		return handOver
	}
	return end + 1
}

// parseUTC decodes a time like 2006-01-02T15:04:05.999999999Z, with up to 9 digits
// of a second, or none.
func parseUTC(s []byte) (time.Time, bool) {
	const form = "2006-01-02T15:04:05"
	if len(s) < len(form)+1 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[len(s)-1] != 'Z' {
		return time.Time{}, false
	}
	year, month, day := 100*two(s, 0)+two(s, 2), two(s, 5), two(s, 8)
	hour, minute, second := two(s, 11), two(s, 14), two(s, 17)
	if year < 0 || day < 1 || day > daysIn(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return time.Time{}, false
	}
	nano, ok := fraction(s[len(form) : len(s)-1])
	if !ok {
		return time.Time{}, false
	}
	seconds := ((daysBefore(year, month, day)*24+hour)*60+minute)*60 + second
	return time.Unix(int64(seconds), int64(nano)).UTC(), true
}

// daysBefore returns the days from 1970 to a date of the Gregorian calendar. It counts
// years from March, so that the leap day is the last.
func daysBefore(year, month, day int) int {
	const daysTo1970 = 719468 // from March of the year 0
	if month <= 2 {
		year, month = year-1, month+12
	}
	year += 400 // so that no division is of a negative number
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - daysTo1970 - 146097
}

// two returns the number of two digits, or a negative one.
func two(s []byte, i int) int {
	a, b := s[i]-'0', s[i+1]-'0'
	if a > 9 || b > 9 {
		return -10000
	}
	return 10*int(a) + int(b)
}

// daysIn returns how many days a month has, 0 if there is no such month.
func daysIn(year, month int) int {
	switch month {
	case 1, 3, 5, 7, 8, 10, 12:
		return 31
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 0
}

// fraction returns the nanoseconds of a fraction like .25, or of none.
func fraction(s []byte) (nano int, ok bool) {
	if len(s) == 0 {
		return 0, true
	}
	if s[0] != '.' || len(s) < 2 || len(s) > 10 {
		return 0, false
	}
	for i := range 9 {
		nano *= 10
		if i+1 < len(s) {
			c := s[i+1] - '0'
			if c > 9 {
				return 0, false
			}
			nano += int(c)
		}
	}
	return nano, true
}

func appendTime(dst []byte, p pointer) ([]byte, bool) {
	dst, err := as[time.Time](p).AppendText(append(dst, '"'))
	return append(dst, '"'), err == nil
}

// bytes decodes bytes in base64.
func (d *decoder) bytes(b *[]byte, i int) int {
	if d.src[i] != '"' {
		return handOver
	}
	end, odd := scan(d.src, i+1)
	if odd != 0 {
		return handOver
	}
	encoded := d.src[i+1 : end]
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(decoded, encoded)
	if err != nil {
		return handOver
	}
	*b = decoded[:n]
	return end + 1
}

func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, "null"...)
	}
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), b), '"')
}

// raw decodes a json.RawMessage.
func (d *decoder) raw(b *[]byte, i int) int {
	end := d.skip(i)
	if end != handOver {
		*b = append([]byte(nil), d.src[i:end]...)
	}
	return end
}

// appendRaw appends a json.RawMessage.
func appendRaw(dst, raw []byte) ([]byte, bool) {
	if raw == nil {
		return append(dst, "null"...), true
	}
	return appendCompact(dst, raw)
}

// appendCompact appends JSON from elsewhere. If it isn't valid, or not ASCII
// without white space, it returns false: encoding/json makes it so, or refuses it.
func appendCompact(dst, raw []byte) ([]byte, bool) {
	d := decoder{src: raw}
	return append(dst, raw...), isCompact(raw) && d.skip(0) == len(raw)
}

// isCompact reports whether valid JSON is ASCII without white space between tokens.
func isCompact(raw []byte) bool {
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c >= 0x80 || c <= ' ' && !quoted:
			return false
		case c == '"':
			quoted = !quoted
		case c == '\\':
			i++
		}
	}
	return true
}
