package op

import (
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
)

// An Ahead says what becomes of a record that is further ahead of the clock than its input
// takes.
type Ahead int8

const (
	// AheadBounds processes the record, and bounds how far it moves the watermark.
	AheadBounds Ahead = iota
	// AheadSkips leaves the record out.
	AheadSkips
	// AheadFails makes it a record that can't be processed.
	AheadFails
)

// AheadOf is what a policy means for such a record.
func AheadOf(p flow.Policy) Ahead {
	if p == flow.Skip {
		return AheadSkips
	}
	return AheadFails
}

func (a Ahead) String() string { return [...]string{"bound", "skip", "fail"}[a] }

// check returns an error if a record can't be processed because of its event time. The
// times are in ms since 1970.
func (a Ahead) check(at, now int64, maxAhead time.Duration) error {
	if err := loop.CheckEventTime(at, now); err != nil {
		return err
	}
	if a != AheadBounds && loop.IsAhead(at, now, maxAhead) {
		return &loop.AheadError{At: at, Now: now, MaxAhead: maxAhead, Skips: a == AheadSkips}
	}
	return nil
}
