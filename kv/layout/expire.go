package layout

import "math"

// first is what is known of the time of the first entry in an index.
type first struct {
	at     int64 // no entry is before it
	exact  bool  // there is one at it, or at is Never and there is none
	resets int   // of the index, as of then
}

func (f *first) add(at int64) {
	if at <= f.at {
		*f = first{at, true, f.resets}
	}
}

func (f *first) remove(at int64) {
	if at == f.at {
		f.exact = false
	}
}

// known returns first, of which nothing is known after a reset.
func (e *Expiring[V]) known() *first {
	if r := e.index.Resets(); r != e.first.resets {
		e.first = first{at: math.MinInt64, resets: r}
	}
	return &e.first
}

// Next returns a time before which nothing expires: that of the first entry in the
// index, which the expiry may have left; [Never] if the store is empty.
func (e *Expiring[V]) Next() (int64, error) {
	f := e.known()
	if f.exact {
		return f.at, nil
	}
	next := int64(Never)
	err := e.index.Range(appendTime(nil, f.at), nil, func(key []byte, _ *struct{}) (more bool, err error) {
		next, _, err = splitTime(key)
		return false, err
	})
	if err == nil {
		f.at, f.exact = next, true
	}
	return next, err
}

// Expire removes the values whose expiry is now or before, in the order of the index,
// and calls f for each before that. It looks at limit entries of the index at most,
// and returns true if more are due. f may read the store, which invalidates v, and must
// not change it.
func (e *Expiring[V]) Expire(now int64, limit int, f func(key []byte, expires int64, v *V) error) (more bool, err error) {
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
			err = e.expire(now, at, key, f)
		}
		if err != nil {
			return false, err
		}
	}
	return more, nil
}

// collect collects the first entries of the index that are due. It leaves next at
// what is first after them.
func (e *Expiring[V]) collect(now int64, limit int) (more bool, err error) {
	e.due.clear()
	next := int64(Never)
	err = e.index.Range(appendTime(nil, e.first.at), nil, func(key []byte, _ *struct{}) (bool, error) {
		at, _, err := splitTime(key)
		if err != nil {
			return false, err
		}
		if at > now || len(e.due.ends) == limit {
			next, more = at, at <= now
			return false, nil
		}
		e.due.add(key)
		return true, nil
	})
	if err == nil {
		e.first.at, e.first.exact = next, true
	}
	return more, err
}

// expire handles an entry of the index that is due.
func (e *Expiring[V]) expire(now, at int64, key []byte, f func(key []byte, expires int64, v *V) error) error {
	m, found, err := e.entries.Get(key)
	if err != nil {
		return err
	}
	// An entry that isn't armed here is left over from before a restore.
	switch armed := found && m.armed == at; {
	case armed && m.expires <= now:
		if err := f(key, m.expires, &m.value); err != nil {
			return err
		}
		if err := e.entries.Delete(key); err != nil {
			return err
		}
	case armed:
		if m, _, err = e.entries.Upsert(key); err != nil {
			return err
		}
		m.armed = m.expires
		if err := e.arm(m.expires, key); err != nil {
			return err
		}
	}
	return e.disarm(at, key)
}

// dueKeys are keys of the index, one after the other.
type dueKeys struct {
	bytes []byte
	ends  []int
}

func (d *dueKeys) clear() { d.bytes, d.ends = d.bytes[:0], d.ends[:0] }

func (d *dueKeys) add(key []byte) {
	d.bytes = append(d.bytes, key...)
	d.ends = append(d.ends, len(d.bytes))
}

func (d *dueKeys) key(i int) []byte {
	start := 0
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.bytes[start:d.ends[i]]
}
