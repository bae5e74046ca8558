package op

import "github.com/gretestream/grete/api/internal/flow"

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
