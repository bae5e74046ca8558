package window

import (
	"bytes"

	"github.com/gretestream/grete/kv/layout"
)

// Advance closes the sessions that are due, in the order of their ends.
func (s *session[K, M, A, R, P]) Advance() (bool, error) {
	more, err := s.sessions.Settle(s.time.Now(), closeChunk, s.settle)
	if err != nil {
		return false, err
	}
	return more, s.plan()
}

// settle handles a session that is due, and returns when it is due next.
func (s *session[K, M, A, R, P]) settle(key []byte, start int64, v *layout.Session[A]) (int64, error) {
	over := v.End + s.grace
	if over > s.time.Now() { // it stays for updates
		if !s.needsFinal(v) {
			return over, nil
		}
		return over, s.tell(key, start, v, timing(&v.Emitted), s.fire)
	}
	if s.needsFinal(v) {
		if err := s.tellLast(key, start, v); err != nil {
			return 0, err
		}
	}
	if err := s.remove(key, start, v); err != nil {
		return 0, err
	}
	return over, s.sessions.Leave(key, start)
}

// needsFinal reports whether a session has a final result to come.
func (s *session[K, M, A, R, P]) needsFinal(v *layout.Session[A]) bool {
	return !v.Closed && (v.Fresh > 0 || !v.Final && !s.discarding)
}

// remove removes what is kept of a session beside it.
func (s *session[K, M, A, R, P]) remove(key []byte, start int64, v *layout.Session[A]) error {
	if s.lasts != nil && v.Sent != 0 {
		if err := s.lasts.Delete(key, layout.At{Time: start}); err != nil {
			return err
		}
	}
	return s.agg.Forget(key, start, v.Last+1)
}

// A place is where a session stands.
type place struct {
	key   []byte
	start int64
}

// End sends the sessions that are open before their time, and keeps them as marks.
func (s *session[K, M, A, R, P]) End() (more bool, err error) {
	s.chunk = s.chunk[:0]
	err = s.sessions.Ascend(s.endAt, func(at, key []byte, start int64, v *layout.Session[A]) (bool, error) {
		if more = len(s.chunk) == closeChunk; more {
			return false, nil
		}
		s.endAt = append(s.endAt[:0], at...)
		s.chunk = append(s.chunk, place{bytes.Clone(key), start})
		return true, nil
	})
	for i := 0; i < len(s.chunk) && err == nil; i++ {
		err = s.finish(s.chunk[i].key, s.chunk[i].start)
	}
	return more, err
}

// finish sends the final result of a session before its time.
func (s *session[K, M, A, R, P]) finish(key []byte, start int64) error {
	v, _, found, err := s.sessions.Get(key, start)
	if err != nil || !found || v.Closed {
		return err
	}
	if v, _, err = s.sessions.Upsert(key, start, v.End+s.grace); err != nil {
		return err
	}
	if s.needsFinal(v) {
		if err := s.tellLast(key, start, v); err != nil {
			return err
		}
	}
	if err := s.remove(key, start, v); err != nil {
		return err
	}
	*v = layout.Session[A]{Pane: layout.Pane[A]{Closed: true}, Last: v.Last, End: v.End}
	return nil
}
