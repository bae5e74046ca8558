package window

import (
	"encoding/binary"
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
)

// pendingStore has the windows whose early results are due at a time on the clock.
const pendingStore = "pending"

// early is when the early results of an operator are sent. What is due is in the store, or is
// sent before the next commit.
type early struct {
	set   bool
	n     uint32 // of records; 0: they don't count
	every int64  // ms; 0: the clock doesn't count
	task  *loop.Task
	tell  func(key []byte, start int64) error

	pending *layout.Sets // by clock
	due     int64        // when the first of them is, on the clock
	changed []changed    // since the last commit
	memory  []byte       // of the keys of changed
	member  []byte
	marked  struct { // as of save
		due             int64
		changed, memory int
	}
}

// save saves what is in memory, and restore restores it.
func (e *early) save() {
	e.marked.due, e.marked.changed, e.marked.memory = e.due, len(e.changed), len(e.memory)
}

func (e *early) restore() {
	e.due, e.changed, e.memory = e.marked.due, e.changed[:e.marked.changed], e.memory[:e.marked.memory]
}

// changed is a window that has changed since the last commit.
type changed struct {
	key   []byte
	start int64
}

// newEarly returns when early results are sent, by tell.
func (r *recording[K, M, A, R, P]) newEarly(b *flow.Builder, tell func(key []byte, start int64) error) early {
	t := &r.spec.Early
	e := early{set: t.On != Never, n: uint32(t.EveryN), every: t.Every.Milliseconds(), task: b.Task, tell: tell, due: loop.IdleTime}
	if e.every > 0 {
		e.pending = layout.NewSets(b.Task.State, b.Store(r.numbers[pendingStore]))
	}
	return e
}

// String is the trigger, for the plan.
func (t Trigger) String() string {
	switch t.On {
	case OnCommit:
		return "every commit"
	case OnRecords:
		return fmt.Sprintf("every %d records", t.EveryN)
	}
	return "every " + t.Every.String()
}

// note is called with each record that changes a window, and the number of records since its
// last result; noted means that it was called for one of these. It returns true if an early
// result is due now.
func (e *early) note(key []byte, start int64, fresh uint32, noted bool) (due bool, err error) {
	switch {
	case !e.set:
		return false, nil
	case e.n > 0:
		return fresh >= e.n, nil
	case noted:
		return false, nil
	case e.every == 0:
		begin := len(e.memory)
		e.memory = append(e.memory, key...)
		e.changed = append(e.changed, changed{e.memory[begin:len(e.memory):len(e.memory)], start})
		return false, nil
	}
	at := e.task.Now() + e.every
	e.due = min(e.due, at)
	e.member = binary.BigEndian.AppendUint64(e.member[:0], uint64(start))
	return false, e.pending.Put(key, e.member, at)
}

// tick sends a chunk of the early results that are due.
func (e *early) tick(now int64) (more bool, err error) {
	more, err = e.pending.ExpireEach(now, closeChunk, func(key, member []byte) error {
		return e.tell(key, int64(binary.BigEndian.Uint64(member)))
	})
	if err != nil {
		return false, err
	}
	return more, e.plan()
}

// plan finds when the first early result is due.
func (e *early) plan() (err error) {
	if e.pending != nil {
		e.due, err = e.pending.Next()
	}
	return err
}

// flush sends the early results of the windows that have changed since the last commit.
func (e *early) flush() error {
	for _, c := range e.changed {
		if err := e.tell(c.key, c.start); err != nil {
			return err
		}
	}
	e.changed, e.memory = e.changed[:0], e.memory[:0]
	return nil
}

// triggered windows send early results.
type triggered struct {
	windows
	early *early
}

// windows are the capabilities of all kinds of windows.
type windows interface {
	flow.EventTimer
	flow.Ender
	flow.Delayer
	flow.Undoer
}

// ClockDue is when the first early result is due.
func (t *triggered) ClockDue() int64 { return t.early.due }

// Tick sends the early results that the clock makes due.
func (t *triggered) Tick(now int64) (bool, error) { return t.early.tick(now) }

// BeforeCommit sends the early results of what has changed since the last commit.
func (t *triggered) BeforeCommit() error { return t.early.flush() }
