package layout

import (
	"fmt"
	"time"
)

// A Grid divides event time into windows that start at fixed times, which are the same for
// all keys. Times are in ms since 1970.
type Grid struct {
	size  int64 // of a window; 0: calendar days, or no bounds
	every int64 // from one start to the next
	zone  *time.Location
	// The last day that was asked for: records of one day come together.
	start, end int64
}

// NewGrid returns windows of a size, of which one starts at every interval.
func NewGrid(size, every time.Duration) *Grid {
	return &Grid{size: size.Milliseconds(), every: every.Milliseconds()}
}

// NewDays returns the calendar days of a time zone.
func NewDays(zone *time.Location) *Grid { return &Grid{zone: zone} }

// NewUnbounded returns the one window of all event times.
func NewUnbounded() *Grid { return &Grid{} }

// Bounds of event times: the years 1 to 9999.
const (
	FirstTime = -62135596800000
	LastTime  = 253402300799999
)

// Bounded reports whether windows end.
func (g *Grid) Bounded() bool { return g.size > 0 || g.zone != nil }

// Last returns the start of the last window that a time is in.
func (g *Grid) Last(at int64) int64 {
	switch {
	case g.size > 0:
		return WindowStart(at, g.every)
	case g.zone != nil:
		g.find(at)
		return g.start
	}
	return FirstTime
}

// First returns the start of the first window that a time is in, given the last one.
func (g *Grid) First(at, last int64) int64 {
	if g.size <= g.every {
		return last
	}
	return last - (g.size-1-(at-last))/g.every*g.every
}

// Cell returns the first of the times that are in the same windows as a time, given the last
// start. It differs from that start if windows end between two starts.
func (g *Grid) Cell(at, last int64) int64 {
	if g.size == 0 {
		return last
	}
	if end := last + g.size%g.every; at >= end {
		return end
	}
	return last
}

// After returns the start of the window after one.
func (g *Grid) After(start int64) int64 {
	if g.size > 0 {
		return start + g.every
	}
	return g.End(start)
}

// End returns the end of the window with a start.
func (g *Grid) End(start int64) int64 {
	switch {
	case g.size > 0:
		return start + g.size
	case g.zone != nil:
		g.find(start)
		return g.end
	}
	return LastTime + 1
}

func (g *Grid) find(at int64) {
	if at < g.start || at >= g.end {
		g.start, g.end = day(g.zone, at)
	}
}

// Overlaps returns how many windows a time is in.
func (g *Grid) Overlaps() int64 {
	if g.size == 0 || g.every == 0 {
		return 1
	}
	return (g.size + g.every - 1) / g.every
}

// Params are the parameters of a store whose windows these are.
func (g *Grid) Params() map[string]string {
	switch {
	case g.zone != nil:
		return map[string]string{ParamZone: g.zone.String()}
	case g.size == 0:
		return map[string]string{ParamSize: unbounded}
	}
	p := map[string]string{ParamSize: duration(g.size)}
	if g.every != g.size {
		p[ParamEvery] = duration(g.every)
	}
	return p
}

const unbounded = "unbounded"

func duration(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }

// parseGrid is the reverse of Params.
func parseGrid(params map[string]string) (*Grid, error) {
	if name, given := params[ParamZone]; given {
		zone, err := Zone(name)
		if err != nil {
			return nil, fmt.Errorf("%s is %q: %w", ParamZone, name, err)
		}
		return NewDays(zone), nil
	}
	if params[ParamSize] == unbounded {
		return NewUnbounded(), nil
	}
	size, err := parseLength(params, ParamSize)
	if err != nil {
		return nil, err
	}
	every := size
	if _, given := params[ParamEvery]; given {
		if every, err = parseLength(params, ParamEvery); err != nil {
			return nil, err
		}
	}
	return NewGrid(size, every), nil
}

func parseLength(params map[string]string, name string) (time.Duration, error) {
	d, err := time.ParseDuration(params[name])
	if err != nil || d < time.Millisecond {
		return 0, fmt.Errorf("%s is %q, which is no length of a window", name, params[name])
	}
	return d, nil
}

// WindowStart returns the start of the window of a size that a time is in, for times
// before 1970, too. Windows are aligned to 1970.
func WindowStart(at, size int64) int64 {
	start := at - at%size
	if start > at {
		start -= size
	}
	return start
}
