package join

import (
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
)

// A Kind says what becomes of records that match nothing.
type Kind string

const (
	Inner Kind = "inner" // they are dropped
	Left  Kind = "left"  // those of the left side come out alone
	Outer Kind = "outer" // those of either side come out alone
)

// A Range is the event times of the right side that match a record of the left side: from
// Before before it to After after it, both inclusive. Grace is how far behind the watermark
// a record may be.
type Range struct{ Before, After, Grace time.Duration }

// check notes what makes no sense.
func (r Range) check(p *flow.Pipeline, name string) {
	for _, d := range []struct {
		what string
		d    time.Duration
	}{{"time before", r.Before}, {"time after", r.After}, {"grace", r.Grace}} {
		switch {
		case d.d < 0:
			p.Mistake("join %q: the %s, %v, is negative; set 0 or more", name, d.what, d.d)
		case d.d%time.Millisecond != 0:
			p.Mistake("join %q: the %s, %v, isn't a whole number of milliseconds", name, d.what, d.d)
		}
	}
}

func (r Range) params(kind Kind) []scheduler.Param {
	params := []scheduler.Param{{Name: "join", Value: string(kind), Affects: scheduler.AffectsResults}}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"before", r.Before}, {"after", r.After}, {"grace", r.Grace}} {
		params = append(params, scheduler.Param{Name: d.name, Value: d.d.String(), Affects: scheduler.AffectsResults})
	}
	return params
}

// Input ports of a join of two streams, and the output ports of their late records.
const (
	left  = "left"
	right = "right"

	PortLateLeft  = "late-left"
	PortLateRight = "late-right"
)

func what(name string) string { return fmt.Sprintf("join %q", name) }
