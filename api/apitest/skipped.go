package apitest

import (
	"slices"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/loop"
)

// skipped notes what is skipped. Something that is processed again after a failure is
// skipped again, and noted once.
type skipped struct {
	container.NopObserver
	seen     []skip
	restored int // containers: those that were opened, and those that went back
}

// Restored implements [container.Observer].
func (s *skipped) Restored(container.Restore) { s.restored++ }

// skip identifies a skip.
type skip struct {
	stage    string
	task     int32
	operator string
	record   loop.Place
	err      string
}

// Skipped implements [container.Observer].
func (s *skipped) Skipped(e container.Skip) {
	id := skip{stage: e.Stage.Name, task: e.Task, operator: e.Operator.Name, record: loop.Place{Task: e.Task, Position: e.Record}, err: e.Err.Error()}
	if !slices.Contains(s.seen, id) {
		s.seen = append(s.seen, id)
	}
}

// Skipped processes all records that were sent, and returns why records, and results of
// windows, have been skipped since the start, one error text for each.
func (x *Test) Skipped() (why []string) {
	x.t.Helper()
	x.settle()
	for _, s := range x.skipped.seen {
		why = append(why, s.err)
	}
	return why
}

// Replays processes all records that were sent, and returns how often containers have gone
// back to their last commit because of a failure, and processed records again.
func (x *Test) Replays() int {
	x.t.Helper()
	x.settle()
	return x.skipped.restored - x.opened
}
