package op

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
)

// CombineLatest records an operator that keeps the latest record of two keyed
// streams for each key, and sends f of both, at most once an interval of the
// container's clock, for each key of which a record has come since.
func CombineLatest[K comparable, L, R, O any](p *flow.Pipeline, left, right scheduler.Edge, name string, every time.Duration, f func(*L, *R) O) scheduler.Edge {
	p.Named(name, "operator")
	if every < time.Millisecond {
		p.Mistake("operator %q: the interval %v is shorter than a millisecond", name, every)
	}
	what := fmt.Sprintf("operator %q", name)
	keys, lefts, rights, times := keysOf[K](p, what), keptOf[L](p, nil, what), keptOf[R](p, nil, what), codingOf[int64](p, nil)
	left.To, right.To = "left", "right"
	return p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "combine-latest", Name: name, From: []scheduler.Edge{left, right},
			Stores: []scheduler.StoreSpec{
				storeSpec(p, name, "left", layout.NameValues, keys, lefts),
				storeSpec(p, name, "right", layout.NameValues, keys, rights),
				storeSpec(p, name, "pending", layout.NameValues, keys, times),
			},
			Params: []scheduler.Param{{Name: "every", Value: every.String(), Affects: scheduler.AffectsResults}},
		},
		Emits: []flow.Port{flow.Emit[O]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			storedL, errL := storedOf(b, 0, lefts)
			storedR, errR := storedOf(b, 1, rights)
			storedTimes, errTimes := storedOf(b, 2, times)
			if err := errors.Join(errL, errR, errTimes); err != nil {
				return nil, err
			}
			c := &combineLatest[L, R, O]{
				task: b.Task, scope: b.Scope, id: b.ID, time: b.EventTime(), every: every.Milliseconds(), f: f, down: flow.Down[O](b, ""),
				left: kv.NewValues(b.Task.State, b.Store(0), storedL), right: kv.NewValues(b.Task.State, b.Store(1), storedR),
				pending: kv.NewValues(b.Task.State, b.Store(2), storedTimes), tick: loop.IdleTime,
				firing: loop.Firing{Node: b.ID, Skips: p.PolicyOf(b.ID) == flow.Skip},
			}
			c.sendLatest = c.send
			flow.Take(b, "left", func(l L) error { return take(c, c.left, l) })
			flow.Take(b, "right", func(r R) error { return take(c, c.right, r) })
			return c, c.open()
		},
	})
}

// combineChunk is how many results are sent in one piece of work, so that a commit
// can come between.
const combineChunk = 4096

// A combineLatest keeps the latest records of both sides. pending has the keys of
// which something is to be sent, with the event time of the last record.
type combineLatest[L, R, O any] struct {
	task    *loop.Task
	scope   *flow.Scope
	id      int
	time    *flow.EventTime
	every   int64 // ms
	f       func(*L, *R) O
	down    flow.Push[O]
	left    *kv.Values[L]
	right   *kv.Values[R]
	pending *kv.Values[int64]

	tick     int64 // when the interval is over, on the clock; IdleTime: nothing is pending
	earliest int64 // event time of what is pending; IdleTime: nothing
	chunk    [][]byte
	firing   loop.Firing // of the result that is being sent

	sendLatest func() error // send, as a value
	mark       struct{ tick, earliest int64 }
}

func (c *combineLatest[L, R, O]) Mark()   { c.mark.tick, c.mark.earliest = c.tick, c.earliest }
func (c *combineLatest[L, R, O]) Rewind() { c.tick, c.earliest = c.mark.tick, c.mark.earliest }

// open finds what was pending at the last commit. It is sent an interval later.
func (c *combineLatest[L, R, O]) open() error {
	c.earliest = loop.IdleTime
	return c.pending.Range(nil, nil, func(_ []byte, at *int64) (bool, error) {
		c.arm(*at)
		return true, nil
	})
}

// arm has the next tick send a result of this event time.
func (c *combineLatest[L, R, O]) arm(at int64) {
	c.earliest = min(c.earliest, at)
	if c.tick == loop.IdleTime {
		c.tick = c.task.Now() + c.every
	}
}

// take keeps a record of one side.
func take[L, R, O, M any](c *combineLatest[L, R, O], side *kv.Values[M], m M) error {
	c.scope.Operator = c.id
	v, _, err := side.Upsert(c.scope.Key)
	if err != nil {
		return err
	}
	*v = m
	at, existed, err := c.pending.Upsert(c.scope.Key)
	if err != nil {
		return err
	}
	if !existed || *at < c.scope.Time {
		*at = c.scope.Time
	}
	c.arm(*at)
	return nil
}

// Watermark is held back by what is still to be sent.
func (c *combineLatest[L, R, O]) Watermark() int64 { return c.time.Behind(0, c.earliest) }

func (c *combineLatest[L, R, O]) ClockDue() int64 { return c.tick }

// Tick sends what is pending, a chunk of it.
func (c *combineLatest[L, R, O]) Tick(int64) (bool, error) { return c.flush() }

// End sends what is pending without waiting for the clock.
func (c *combineLatest[L, R, O]) End() (bool, error) { return c.flush() }

func (c *combineLatest[L, R, O]) flush() (more bool, err error) {
	if c.earliest == loop.IdleTime {
		return false, nil
	}
	c.chunk = c.chunk[:0]
	err = c.pending.Range(nil, nil, func(key []byte, _ *int64) (bool, error) {
		more = len(c.chunk) == combineChunk
		if !more {
			c.chunk = append(c.chunk, bytes.Clone(key))
		}
		return !more, nil
	})
	if err != nil {
		return false, err
	}
	for _, key := range c.chunk {
		if err := c.fire(key); err != nil {
			return false, err
		}
	}
	if !more {
		c.tick, c.earliest = loop.IdleTime, loop.IdleTime
	}
	return more, nil
}

// fire sends the latest records of a key, which is pending no more. One that fails is left
// out, if the policy says so.
func (c *combineLatest[L, R, O]) fire(key []byte) error {
	at, found, err := c.pending.Get(key)
	if err != nil || !found {
		return err
	}
	c.scope.Key, c.scope.Time, c.scope.Partition, c.scope.Operator = key, *at, c.task.ID, c.id
	c.firing.Key, c.firing.Start = key, *at
	if err := c.pending.Delete(key); err != nil {
		return err
	}
	return c.task.Fire(&c.firing, c.sendLatest)
}

// send sends the latest records of the key that fires.
func (c *combineLatest[L, R, O]) send() error {
	key := c.firing.Key
	l, _, err := c.left.Get(key)
	if err != nil {
		return err
	}
	r, _, err := c.right.Get(key)
	if err != nil {
		return err
	}
	return c.down(c.f(l, r))
}
