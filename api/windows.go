package api

import (
	"time"

	"github.com/gretestream/grete/api/internal/op/window"
)

// Hopping windows have a size, and one of them starts at every interval, so that each record is
// in size/every windows. They are aligned to the start of 1970, UTC.
//
// If the size is a multiple of the interval, the aggregate can be merged, and there are neither
// early results nor updates, a record changes one value however many windows it is in:
// those of an interval are merged when a window closes. Otherwise it changes a value of each
// window; "plan" shows how many.
func Hopping(size, every time.Duration) Window {
	return Window{window.Spec{Kind: window.Hopping, Size: size, Every: every}}
}

// Session windows are made by the records of a key: two of them are in one session if they are
// at most gap apart. A session ends when the gap has passed after its last record. A record
// that is out of order may join two sessions, so the aggregate must be one that can be merged.
//
// A record is late if the session that it would make or extend has ended, and Grace has passed.
//
// With Early or Updates, a session whose result was sent may be merged into another one. Then
// its last result is sent again with the timing [Retraction], before the new result.
func Session(gap time.Duration) Window {
	return Window{window.Spec{Kind: window.Session, Gap: gap}}
}

// Daily windows are the calendar days of a time zone. A day on which clocks are changed is
// longer or shorter than others. The zone is one of the IANA database, which is part of the
// program: time.LoadLocation finds it on every machine.
func Daily(zone *time.Location) Window {
	return Window{window.Spec{Kind: window.Daily, Zone: zone}}
}

// Global is one window of all times, which never ends. It sends what Early says. At the end
// of a bounded run it sends a final result for each key that has changed. The event time of
// its results is that of its input.
func Global() Window { return Window{window.Spec{Kind: window.Global}} }
