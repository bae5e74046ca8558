package window

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/stream/serde"
)

// A Timing says when a result is sent, compared to the end of its window.
type Timing int

// Timings.
const (
	Final      Timing = iota // the window has ended
	Early                    // before that
	Update                   // after that, for a record within the grace
	Retraction               // takes the last result of a session back
)

// A Pane is a result of a window.
type Pane[K, R any] struct {
	Key        K
	Start, End int64 // [Start, End), ms since 1970
	Value      R
	Index      int
	Timing     Timing
}

// A sender sends the results of an operator.
type sender[K, R, P any] struct {
	task   *loop.Task
	scope  *flow.Scope
	id     int
	keys   serde.Serde[K]
	pane   func(Pane[K, R]) P
	down   flow.Push[P]
	firing loop.Firing // of the result that is being sent
}

// send passes a result on. at is its event time.
func (s *sender[K, R, P]) send(key []byte, at int64, p Pane[K, R]) (err error) {
	s.scope.Operator = s.id
	if p.Key, err = s.keys.Parse(key); err != nil {
		return op.KeyError(key, err)
	}
	s.scope.Key, s.scope.Time, s.scope.Partition = key, at, s.task.ID
	return s.down(s.pane(p))
}
