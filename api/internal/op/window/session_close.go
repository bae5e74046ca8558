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
	s.task.Changed()
	over := v.End + s.grace
	if over > s.time.Now() { // it stays for updates
		if !s.needsFinal(v) {
			return over, nil
		}
		return over, s.fire(key, start, v, timing(&v.Emitted))
	}
	if s.needsFinal(v) {
		if err := s.fireLast(key, start, v); err != nil {
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

// fire sends a result of a session that stays. One that fails is left out, if the policy says so.
func (s *session[K, M, A, R, P]) fire(key []byte, start int64, v *layout.Session[A], timing Timing) (err error) {
	changes, goes := s.begin(key, start)
	if !goes {
		v.Fresh, v.Final = 0, v.Final || timing == Final
		return nil
	}
	defer func() {
		if p := recover(); p != nil || err != nil {
			err = s.failed(changes, p, err, nil)
		}
	}()
	return s.show(key, start, v, timing)
}

// fireLast sends the last result of a session, and gives its value away.
func (s *session[K, M, A, R, P]) fireLast(key []byte, start int64, v *layout.Session[A]) (err error) {
	changes, goes := s.begin(key, start)
	if !goes {
		return nil
	}
	defer func() {
		if p := recover(); p != nil || err != nil {
			err = s.failed(changes, p, err, nil)
		}
	}()
	result, err := s.agg.Result(&v.Value, key, start, v.Last+1)
	if err != nil {
		return err
	}
	return s.send(key, v.End-1, Pane[K, R]{Start: start, End: v.End, Value: result, Index: int(v.Index), Timing: timing(&v.Emitted)})
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
	s.task.Changed()
	if s.needsFinal(v) {
		if err := s.fireLast(key, start, v); err != nil {
			return err
		}
	}
	if err := s.remove(key, start, v); err != nil {
		return err
	}
	*v = layout.Session[A]{Pane: layout.Pane[A]{Closed: true}, Last: v.Last, End: v.End}
	return nil
}
