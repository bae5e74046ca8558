package join

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
)

// A side is one side of a join of streams.
type side[M any] struct {
	buffer *layout.Buffer[M]
	// before and after are the times of the other side that match, in ms: a record at t
	// matches those in [t-before, t+after].
	before, after int64
	alone         bool // a record that matches nothing comes out alone
	late          flow.Push[M]

	due    int64 // nothing expires before
	mark   int64 // due, as of Mark
	record M     // that is being joined; a pointer to an argument would have it allocated
	found  []layout.At
	ended  layout.Place // how far End has come
}

func newSide[M any](b *flow.Builder, store int, c op.Coding[M], before, after int64, alone bool, late flow.Push[M]) (side[M], error) {
	s := side[M]{before: before, after: after, alone: alone, late: late}
	stored, err := op.StoredOf(b, store, c)
	if err != nil {
		return s, err
	}
	s.buffer = layout.NewBuffer(b.Task.State, b.Store(store), stored)
	return s, s.plan()
}

// expires is the watermark at which a record expires: all records that it matches are late
// then.
func (s *side[M]) expires(at, grace int64) int64 { return at + s.after + grace + 1 }

// plan finds out what expires next.
func (s *side[M]) plan() (err error) {
	s.due, err = s.buffer.Next()
	return err
}

// pending is the lowest event time of a record that may come out alone.
func (s *side[M]) pending(grace int64) int64 {
	if !s.alone || s.due == layout.Never {
		return loop.IdleTime
	}
	return s.due - s.expires(0, grace)
}
