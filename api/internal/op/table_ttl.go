package op

import (
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// mortalRows are the rows of a table with a TTL. A row expires when the watermark of the
// table's inputs has passed the event time of its latest record by the TTL. The table then
// deletes it, and sends that on.
type mortalRows[A any] struct {
	scope   *flow.Scope
	task    *loop.Task
	time    *flow.EventTime
	ttl     int64 // ms
	rows    *layout.Expiring[A]
	expired func(*A) error // sends that the row of the key in scope has expired

	due    int64 // when the next row may expire
	mark   int64 // due, as of Mark
	firing loop.Firing
}

func newMortalRows[A any](b *flow.Builder, policy flow.Policy, ttl time.Duration, stored serde.Serde[A], expired func(*A) error) *mortalRows[A] {
	return &mortalRows[A]{
		scope: b.Scope, task: b.Task, time: b.EventTime(), ttl: ttl.Milliseconds(),
		rows: layout.NewExpiring(b.Task.State, b.Store(0), stored), expired: expired,
		firing: loop.Firing{Node: b.ID, Skips: policy == flow.Skip},
	}
}

func (m *mortalRows[A]) plan() (err error) {
	m.due, err = m.rows.Next()
	return err
}

// Get implements rowStore. A row that has expired isn't found, even if Advance hasn't come
// to it yet.
func (m *mortalRows[A]) Get(key []byte) (*A, bool, error) {
	v, expires, found, err := m.rows.Get(key)
	if err != nil || !found || expires <= m.time.Now() {
		return nil, false, err
	}
	return v, true, nil
}

// Upsert implements rowStore. The row expires a TTL after the record, and not earlier than
// it would have.
func (m *mortalRows[A]) Upsert(key []byte) (*A, bool, error) {
	if m.due <= m.time.Now() {
		if err := m.expire(key); err != nil {
			return nil, false, err
		}
	}
	expires := m.scope.Time + m.ttl
	m.due = min(m.due, expires)
	return m.rows.Extend(key, expires)
}

// expire deletes the row of a record's key if it has expired and Advance hasn't come to it
// yet.
func (m *mortalRows[A]) expire(key []byte) error {
	v, expires, found, err := m.rows.Get(key)
	if err != nil || !found || expires > m.time.Now() {
		return err
	}
	at := m.scope.Time
	m.scope.Time = expires
	if err := m.expired(v); err != nil {
		return err
	}
	m.scope.Time = at
	return m.rows.Delete(key)
}

// Delete implements rowStore.
func (m *mortalRows[A]) Delete(key []byte) error { return m.rows.Delete(key) }

func (m *mortalRows[A]) Mark()   { m.mark = m.due }
func (m *mortalRows[A]) Rewind() { m.due = m.mark }

// Due is when the next row may expire.
func (m *mortalRows[A]) Due() int64 { return m.due }

// ttlChunk is how many rows expire in one piece of work, so that a commit can come between.
const ttlChunk = 4096

// Advance deletes the rows that have expired. If a reader fails at a deletion, the policy may
// leave out what it would have done; the row is deleted in any case.
func (m *mortalRows[A]) Advance() (more bool, err error) {
	m.scope.Partition = m.task.ID
	more, err = m.rows.Expire(m.time.Now(), ttlChunk, func(key []byte, expires int64, v *A) error {
		m.scope.Key, m.scope.Time = key, expires
		m.firing.Key, m.firing.Start = key, expires
		return m.task.Fire(&m.firing, func() error { return m.expired(v) })
	})
	if err != nil {
		return false, err
	}
	return more, m.plan()
}

// Watermark is held back by the rows that have expired and aren't deleted yet.
func (m *mortalRows[A]) Watermark() int64 {
	pending := int64(loop.IdleTime)
	if now := m.time.Now(); now != stream.NoTime && m.due <= now {
		pending = m.due
	}
	return m.time.Behind(0, pending)
}
