package layout

import (
	"encoding/binary"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// A Session is the value of a window that the records of a key have made.
type Session[V any] struct {
	Pane[V]
	Last int64 // event time of the last record
	End  int64
	Sent int64 // the end that the last result had; 0: there was none
}

// Sessions are sessions by key and start, with a time at which each is due. They know the latest
// session of each key, so that a record in order needs no search.
type Sessions[V any] struct {
	entries *ExpiringTimes[Session[V]]
	heads   *kv.Values[int64]
}

// tagHeads is that of the space that has the start of each key's latest session.
const tagHeads = 3

// NewSessions returns the sessions of a store, whose values have a serde.
func NewSessions[V any](s *kv.State, store int, values serde.Serde[V]) *Sessions[V] {
	return &Sessions[V]{
		entries: NewExpiringTimes(s, store, false, SessionSerde(values)),
		heads:   kv.NewSpace(s, store, kv.Space{Tag: tagHeads}, startSerde{}),
	}
}

// Latest returns the start of a key's latest session.
func (s *Sessions[V]) Latest(key []byte) (start int64, found bool, err error) {
	v, found, err := s.heads.Get(key)
	if err != nil || !found {
		return 0, false, err
	}
	return *v, true, nil
}

// SetLatest sets the start of a key's latest session.
func (s *Sessions[V]) SetLatest(key []byte, start int64) error {
	v, _, err := s.heads.Upsert(key)
	if err == nil {
		*v = start
	}
	return err
}

// Leave notes that a session is removed, which may be the latest one. Then no other is left,
// as earlier ones end before.
func (s *Sessions[V]) Leave(key []byte, start int64) error {
	latest, found, err := s.Latest(key)
	if err != nil || !found || latest != start {
		return err
	}
	return s.heads.Delete(key)
}

// Get returns a session and when it is due, to read only, valid until the next call.
func (s *Sessions[V]) Get(key []byte, start int64) (v *Session[V], due int64, found bool, err error) {
	return s.entries.Get(key, At{Time: start})
}

// Upsert returns a session to be changed, until the next call, and sets when it is due.
func (s *Sessions[V]) Upsert(key []byte, start, due int64) (v *Session[V], existed bool, err error) {
	return s.entries.Upsert(key, At{Time: start}, due)
}

// Delete removes a session.
func (s *Sessions[V]) Delete(key []byte, start int64) error {
	return s.entries.Delete(key, At{Time: start})
}

// Range calls f for the sessions of a key that start before a time, in order, until it returns
// false. The session is to read only. f must not use the store.
func (s *Sessions[V]) Range(key []byte, before int64, f func(start int64, v *Session[V]) (bool, error)) error {
	return s.entries.Range(key, FirstTime, before, func(at At, v *Session[V], _ int64) (bool, error) { return f(at.Time, v) })
}

// Next returns a time before which nothing is due; see [Expiring.Next].
func (s *Sessions[V]) Next() (int64, error) { return s.entries.Next() }

// Settle calls f for the sessions that are due; see [Expiring.Settle].
func (s *Sessions[V]) Settle(now int64, limit int, f func(key []byte, start int64, v *Session[V]) (due int64, err error)) (more bool, err error) {
	return s.entries.values.Settle(now, limit, func(stored []byte, v *Session[V]) (int64, error) {
		key, start, err := s.split(stored)
		if err != nil {
			return 0, err
		}
		return f(key, start, v)
	})
}

// Ascend calls f for all sessions after a place, in the order of keys, until it returns false. f
// gets the place of each. The session is to read only. f must not use the store.
func (s *Sessions[V]) Ascend(after []byte, f func(place, key []byte, start int64, v *Session[V]) (bool, error)) error {
	var from []byte
	if after != nil {
		from = append(clone(after), 0)
	}
	return s.entries.values.Range(from, nil, func(stored []byte, v *Session[V], _ int64) (bool, error) {
		key, start, err := s.split(stored)
		if err != nil {
			return false, err
		}
		return f(stored, key, start, v)
	})
}

func (s *Sessions[V]) split(stored []byte) (key []byte, start int64, err error) {
	key, rest, err := SplitKey(nil, stored)
	if err != nil {
		return nil, 0, err
	}
	start, _, err = splitTime(rest)
	return key, start, err
}

// startSerde is how starts are stored.
type startSerde struct{}

func (startSerde) Append(dst []byte, at int64) ([]byte, error) { return appendTime(dst, at), nil }

func (startSerde) Parse(src []byte) (int64, error) {
	at, _, err := splitTime(src)
	return at, err
}

// SessionSerde returns how sessions are stored: as panes are, with three varints before the
// value.
func SessionSerde[V any](values serde.Serde[V]) serde.Serde[Session[V]] {
	return sessionSerde[V]{serde.Appender(values), serde.Parser(values)}
}

type sessionSerde[V any] struct {
	append func([]byte, *V) ([]byte, error)
	parse  func([]byte, *V) error
}

func (s sessionSerde[V]) Append(dst []byte, v Session[V]) ([]byte, error) {
	return s.AppendFrom(dst, &v)
}

func (s sessionSerde[V]) AppendFrom(dst []byte, v *Session[V]) ([]byte, error) {
	dst = appendPane(dst, v.Closed, &v.Emitted)
	for _, at := range []int64{v.Last, v.End - v.Last, v.Sent} {
		dst = binary.AppendVarint(dst, at)
	}
	if v.Closed {
		return dst, nil
	}
	return s.append(dst, &v.Value)
}

func (s sessionSerde[V]) Parse(src []byte) (v Session[V], err error) {
	err = s.ParseInto(src, &v)
	return v, err
}

func (s sessionSerde[V]) ParseInto(src []byte, v *Session[V]) error {
	value, err := parseSession(src, v)
	if err != nil || v.Closed {
		return err
	}
	return s.parse(value, &v.Value)
}

func parseSession[V any](src []byte, v *Session[V]) (value []byte, err error) {
	rest, closed, err := parsePane(src, &v.Emitted)
	if v.Closed = closed; err != nil {
		return nil, err
	}
	for _, to := range []*int64{&v.Last, &v.End, &v.Sent} {
		at, n := binary.Varint(rest)
		if n <= 0 {
			return nil, errPane
		}
		*to, rest = at, rest[n:]
	}
	v.End += v.Last
	return rest, nil
}

// sessionsLayout is that of [Sessions].
type sessionsLayout struct{ timesLayout }

func (sessionsLayout) Derive() kv.Derive { return deriveSession }

// deriveSession derives the index entry of a session. The latest sessions of keys have none.
func deriveSession(stored, value []byte, put kv.Put) error {
	if len(stored) > 0 && stored[0] == tagHeads {
		return nil
	}
	return deriveIndex(stored, value, put)
}

func (l sessionsLayout) Value(key, stored []byte) ([]byte, bool, error) {
	session, ok, err := l.timesLayout.Value(key, stored)
	if err != nil || !ok {
		return nil, false, err
	}
	var v Session[struct{}]
	value, err := parseSession(session, &v)
	return value, err == nil && !v.Closed, err
}

func (l sessionsLayout) show(e *Entry, stored, value []byte) ([]byte, error) {
	key, err := l.timesLayout.show(e, stored, value)
	if err != nil {
		return nil, err
	}
	session, _, err := l.timesLayout.Value(stored, value)
	if err != nil {
		return nil, err
	}
	var v Session[struct{}]
	_, err = parseSession(session, &v)
	e.Start, e.End, e.Closed, e.Time, e.Expires = e.Time, &v.End, v.Closed, nil, nil
	return key, err
}
