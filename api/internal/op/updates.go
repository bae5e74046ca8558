package op

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
)

// CommitUpdates records the stream of a table's values before each commit: one for each
// key that has changed since the last one.
func CommitUpdates[V any](p *flow.Pipeline, table scheduler.Edge) scheduler.Edge {
	n := step("updates", table)
	n.Params = []scheduler.Param{{Name: "every", Value: "commit", Affects: scheduler.AffectsResults}}
	return p.Add(flow.Node{
		Node:  n,
		Emits: []flow.Port{flow.Emit[V]("")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			u := &commitUpdates[V]{
				task: b.Task, scope: b.Scope, id: b.ID, time: b.Watermark(), rows: flow.TableAt[V](b, ""), down: flow.Down[V](b, ""),
				index: make(map[string]int), earliest: loop.IdleTime,
			}
			flow.TakeRows(b, "", flow.Rows[V]{New: u.take})
			return u, nil
		},
	})
}

// commitUpdates notes the keys that change, and sends their values before a commit. So
// nothing of it outlives a commit.
type commitUpdates[V any] struct {
	task  *loop.Task
	scope *flow.Scope
	id    int
	time  *flow.EventTime
	rows  *flow.Lookup[V]
	down  flow.Push[V]

	changed  []changedKey
	index    map[string]int // in changed, by key
	earliest int64          // event time of the changes; IdleTime: there are none

	marked         int // the length of changed, as of Mark
	markedEarliest int64
}

// A changedKey is a key, and the event time of its last change.
type changedKey struct {
	key  []byte
	time int64
}

func (u *commitUpdates[V]) take(*V) error {
	u.earliest = min(u.earliest, u.scope.Time)
	if i, ok := u.index[string(u.scope.Key)]; ok {
		u.changed[i].time = u.scope.Time
		return nil
	}
	key := append([]byte{}, u.scope.Key...)
	u.index[string(key)] = len(u.changed)
	u.changed = append(u.changed, changedKey{key, u.scope.Time})
	return nil
}

func (u *commitUpdates[V]) Mark() { u.marked, u.markedEarliest = len(u.changed), u.earliest }

// Rewind leaves the times of keys that had changed before as they are: they are only later.
func (u *commitUpdates[V]) Rewind() {
	for _, c := range u.changed[u.marked:] {
		delete(u.index, string(c.key))
	}
	u.changed, u.earliest = u.changed[:u.marked], u.markedEarliest
}

// BeforeCommit sends the values in the order in which their keys have changed first.
func (u *commitUpdates[V]) BeforeCommit() error {
	for _, c := range u.changed {
		u.scope.Key, u.scope.Time, u.scope.Partition, u.scope.Operator = c.key, c.time, u.task.ID, u.id
		v, found, err := u.rows.Get(c.key)
		if err == nil && found {
			err = u.down(*v)
		}
		if err != nil {
			return err
		}
	}
	clear(u.index)
	u.changed, u.earliest = u.changed[:0], loop.IdleTime
	return nil
}

// Watermark is held back by what is still to be sent.
func (u *commitUpdates[V]) Watermark() int64 { return u.time.Behind(0, u.earliest) }
