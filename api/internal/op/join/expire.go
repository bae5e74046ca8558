package join

import "github.com/gretestream/grete/kv/layout"

// expireChunk is how many records expire in one piece of work, so that a commit can come
// between.
const expireChunk = 4096

// Advance removes the records that have expired, a chunk of them. Those that have matched
// nothing come out alone.
func (j *streams[L, R, O]) Advance() (more bool, err error) {
	now := j.time.Now()
	if j.left.due <= now {
		return expire(j, &j.left, now, func(l *L) O { return j.f(l, nil) }, j.right.due <= now)
	}
	return expire(j, &j.right, now, func(r *R) O { return j.f(nil, r) }, false)
}

// expire removes a chunk of the records of one side. others says that the other side has
// some that have expired.
func expire[L, R, O, M any](j *streams[L, R, O], s *side[M], now int64, result func(*M) O, others bool) (more bool, err error) {
	more, err = s.buffer.Expire(now, expireChunk, func(key []byte, at layout.At, m *M, settled bool) error {
		j.counts.Expired++
		if !s.alone || settled {
			return nil
		}
		return alone(j, key, at, func() O { return result(m) })
	})
	if err != nil {
		return false, err
	}
	return more || others, s.plan()
}

// End sends the records that have matched nothing so far, and removes them: what comes in a
// later run doesn't match them.
func (j *streams[L, R, O]) End() (more bool, err error) {
	if more, err = end(j, &j.left, func(l *L) O { return j.f(l, nil) }); more || err != nil {
		return more, err
	}
	return end(j, &j.right, func(r *R) O { return j.f(nil, r) })
}

func end[L, R, O, M any](j *streams[L, R, O], s *side[M], result func(*M) O) (more bool, err error) {
	if !s.alone {
		return false, nil
	}
	s.ended, more, err = s.buffer.Unsettled(s.ended, expireChunk, func(key []byte, at layout.At, m *M) error {
		return alone(j, key, at, func() O { return result(m) })
	})
	return more, err
}

// alone sends the result of a record that matches nothing. One that fails is left out, if the
// policy says so.
func alone[L, R, O any](j *streams[L, R, O], key []byte, at layout.At, result func() O) error {
	j.counts.Unmatched++
	j.scope.Key, j.scope.Time, j.scope.Partition, j.scope.Operator = key, at.Time, j.task.ID, j.id
	j.firing.Key, j.firing.Start = key, at.Time
	return j.task.Fire(&j.firing, func() error { return j.down(result()) })
}
