package window

import (
	"cmp"

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

// begin notes which result time makes due. It returns false if the result is left out, because
// it has failed before.
func (s *sender[K, R, P]) begin(key []byte, start int64) (changes int64, goes bool) {
	s.firing.Key, s.firing.Start = key, start
	if s.task.Leaves(&s.firing) {
		return 0, false
	}
	s.task.Changed()
	return s.task.Changes(), true
}

// failed handles the failure of the result that has begun, which recover or an error returned.
// It is left out, if the policy says so. blame is the error of a value that can't be kept: then
// the record is to blame that has made it.
func (s *sender[K, R, P]) failed(changes int64, recovered any, err, blame error) error {
	if recovered != nil {
		err = loop.NewPanicError(recovered)
	}
	return s.task.Failed(&s.firing, changes, cmp.Or(blame, err))
}
