package layout

import "math"

// Settle calls f for the values whose expiry is now or before, in the order of the index. f may
// change the value, and returns its next expiry; a value that expires now or before is removed.
// Settle looks at limit entries of the index at most, and returns true if more are due. f must
// not use the store.
func (e *Expiring[V]) Settle(now int64, limit int, f func(key []byte, v *V) (expires int64, err error)) (more bool, err error) {
	if e.known().at > now {
		return false, nil
	}
	if more, err = e.collect(now, limit); err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			e.first.at, e.first.exact = math.MinInt64, false
		}
	}()
	for i := range e.due.ends {
		at, key, err := splitTime(e.due.key(i))
		if err == nil {
			err = e.settle(now, at, key, f)
		}
		if err != nil {
			return false, err
		}
	}
	return more, nil
}

// settle handles an entry of the index that is due.
func (e *Expiring[V]) settle(now, at int64, key []byte, f func(key []byte, v *V) (int64, error)) error {
	m, found, err := e.entries.Get(key)
	if err != nil {
		return err
	}
	// An entry that isn't armed here is left over from before a restore.
	if !found || m.armed != at {
		return e.disarm(at, key)
	}
	if m, _, err = e.entries.Upsert(key); err != nil {
		return err
	}
	if m.expires <= now {
		if m.expires, err = f(key, &m.value); err != nil {
			return err
		}
	}
	if m.expires <= now {
		if err := e.entries.Delete(key); err != nil {
			return err
		}
		return e.disarm(at, key)
	}
	m.armed = m.expires
	if err := e.arm(m.armed, key); err != nil {
		return err
	}
	return e.disarm(at, key)
}
