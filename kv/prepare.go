package kv

import "errors"

// pointDeletes is how many keys are removed one by one rather than as a range.
// Each read of RocksDB looks at all range tombstones of a memtable or file, so
// few keys aren't worth one.
const pointDeletes = 64

// An eraser removes the keys of one range: all are logged, and the batch gets
// either each of them or the range.
type eraser struct {
	batch    *Batch
	log      Log
	store    int
	from, to []byte
	begun    batchMark
	n        int
}

// newEraser begins to remove the range [from, to), in which nothing is to remain;
// a nil to is the end of the store.
func newEraser(b *Batch, store int, from, to []byte, log Log) eraser {
	return eraser{batch: b, log: log, store: store, from: from, to: to, begun: b.mark()}
}

func (e *eraser) key(key []byte) error {
	if e.n++; !e.ranged() {
		e.batch.Delete(e.store, key)
	}
	return e.log(e.store, key, nil)
}

// ranged tells whether there are too many keys to delete each. A range without an
// end has no other way.
func (e *eraser) ranged() bool { return e.n > pointDeletes && e.to != nil }

func (e *eraser) finish() {
	if e.ranged() {
		e.batch.rewind(e.begun)
		e.batch.DeleteRange(e.store, e.from, e.to)
	}
}

// prepare adds what is dirty to the batch and logs it.
func (c *cache[V]) prepare(s *store[V], log Log) error {
	if c.void != nil {
		if err := c.eraseVoid(s, log); err != nil {
			return err
		}
	}
	sortItems(&s.state.sorter, c.young, c.young.dirty, &s.pool)
	for _, i := range c.young.dirty {
		it := c.young.at(i, &s.pool)
		if err := c.write(s, it, log); err != nil {
			return err
		}
	}
	return nil
}

func (c *cache[V]) write(s *store[V], it *item[V], log Log) (err error) {
	key := c.dbKey(s, c.young.key(it))
	switch {
	case it.flags&present != 0:
		if s.buf, err = s.append(s.buf[:0], &it.value); err != nil {
			return err
		}
		s.learn(c.young, it, int64(len(s.buf)))
		it.flags |= stored
		c.stored = true
		s.state.batch.Put(s.number, key, s.buf)
		return log(s.number, key, notNil(s.buf))
	case it.flags&stored != 0:
		it.flags &^= stored
		s.state.batch.Delete(s.number, key)
		return log(s.number, key, nil)
	}
	return nil
}

// notNil returns an empty value as one that isn't nil: nil is a removed key.
func notNil(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// learn records an encoded size, of which later values get a guess.
func (s *store[V]) learn(t *table[V], it *item[V], size int64) {
	s.resize(t, it, size)
	s.mean += (size - s.mean) / 8
}

// logged tells whether write will log a key by itself.
func (c *cache[V]) logged(s *store[V], key []byte) bool {
	_, it := c.young.find(s.hash(key), key, &s.pool)
	return it != nil && it.flags&dirty != 0 && it.flags&(present|stored) != 0
}

// eraseVoid removes what was dropped of a window of which more is left. What is
// set anew is written afterwards.
func (c *cache[V]) eraseVoid(s *store[V], log Log) error {
	end := append(append(append([]byte(nil), c.prefix...), c.void...), 0)
	e := newEraser(s.state.batch, s.number, c.prefix, end, log)
	if !c.whole() {
		if err := c.eraseStored(s, end, c, &e); err != nil {
			return err
		}
	}
	for _, i := range c.young.dirty {
		it := c.young.at(i, &s.pool)
		if it.flags&(present|stored) != stored {
			continue
		}
		it.flags &^= stored
		if err := e.key(c.dbKey(s, c.young.key(it))); err != nil {
			return err
		}
	}
	e.finish()
	return nil
}

// eraseStored removes what the database holds of a window before end, but for
// keys that live logs by itself.
func (c *cache[V]) eraseStored(s *store[V], end []byte, live *cache[V], e *eraser) (err error) {
	it := s.db().Iterate(s.number, c.prefix, end)
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		if live != nil && live.logged(s, it.Key()[len(c.prefix):]) {
			continue
		}
		if err := e.key(it.Key()); err != nil {
			return err
		}
	}
	return it.Err()
}

// eraseCached is eraseStored for a window that is complete: the cache knows what
// the database holds.
func (c *cache[V]) eraseCached(s *store[V], live *cache[V], e *eraser) error {
	for _, t := range []*table[V]{c.young, c.old} {
		if t == nil {
			continue
		}
		for i := range uint32(t.n) {
			it := t.at(i, &s.pool)
			if it.flags&stored == 0 || live != nil && live.logged(s, t.key(it)) {
				continue
			}
			if err := e.key(c.dbKey(s, t.key(it))); err != nil {
				return err
			}
		}
	}
	return nil
}
