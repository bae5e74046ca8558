package window

import (
	"github.com/gretestream/grete/kv/layout"
)

// join adds a record that isn't behind the latest session of its key: it may be in another
// session, before one, between two of them, or alone.
func (s *session[K, M, A, R, P]) join(at, latest int64, m M) error {
	if err := s.find(at); err != nil {
		return err
	}
	if len(s.joined) == 0 {
		return s.open(at, at > latest, m)
	}
	first, last := &s.joined[0], max(at, s.joined[len(s.joined)-1].Last)
	for i := range s.joined {
		if s.joined[i].Closed {
			return s.tooLate(m)
		}
	}
	if s.isLate(last) {
		return s.tooLate(m)
	}
	if len(s.joined) == 1 && first.start <= at {
		return s.add(first.start, last, first.Fresh > 0, m)
	}
	return s.merge(min(at, first.start), last, latest, m)
}

// find finds the sessions that a record of a time joins: those at most the gap away.
func (s *session[K, M, A, R, P]) find(at int64) error {
	clear(s.joined)
	s.joined = s.joined[:0]
	return s.sessions.Range(s.scope.Key, at+s.gap+1, func(start int64, v *layout.Session[A]) (bool, error) {
		if v.Last+s.gap >= at {
			s.joined = append(s.joined, joined[A]{start, *v})
		}
		return true, nil
	})
}

// merge makes one session of those that a record joins, and adds the record to it.
func (s *session[K, M, A, R, P]) merge(start, last, latest int64, m M) error {
	whole := s.joined[0].Session
	if start != s.joined[0].start { // it is another session: it begins at the record
		whole.Index, whole.Final, whole.Sent = 0, false, 0
	}
	for i := range s.joined {
		j := &s.joined[i]
		if i > 0 {
			s.merged(&whole, &j.Session)
		}
		if j.start == latest {
			if err := s.sessions.SetLatest(s.scope.Key, start); err != nil {
				return err
			}
		}
		if j.start != start {
			if err := s.retract(j); err != nil {
				return err
			}
		}
		if err := s.sessions.Delete(s.scope.Key, j.start); err != nil {
			return err
		}
	}
	v, _, err := s.sessions.Upsert(s.scope.Key, start, last+s.gap+s.grace)
	if err != nil {
		return err
	}
	*v = whole
	return s.add(start, last, false, m)
}

// merged adds the second session to the first.
func (s *session[K, M, A, R, P]) merged(whole, other *layout.Session[A]) {
	switch {
	case s.discarding && other.Fresh == 0: // its value was sent
	case s.discarding && whole.Fresh == 0:
		whole.Value = other.Value
	default:
		s.agg.Merge(&whole.Value, &other.Value)
	}
	whole.Fresh += other.Fresh
}

// retract takes the last result of a session back that is no more. Discarded results stay
// true: each is of records that no other result has.
func (s *session[K, M, A, R, P]) retract(j *joined[A]) error {
	if s.lasts == nil || j.Index == 0 {
		return nil
	}
	key, at := s.scope.Key, layout.At{Time: j.start}
	v, found, err := s.lasts.Get(key, at)
	if err != nil || !found {
		return err
	}
	record := *s.scope
	if err := s.send(key, j.Sent-1, Pane[K, R]{Start: j.start, End: j.Sent, Value: *v, Index: int(j.Index), Timing: Retraction}); err != nil {
		return err
	}
	*s.scope = record
	return s.lasts.Delete(key, at)
}
