package kv

import (
	"errors"

	"github.com/gretestream/grete/stream"
)

// prepare adds the dirty items to the batch and logs them.
func (c *cache[V]) prepare(s *store[V], log Log) error {
	if c.dropped != nil {
		if err := c.deleteDroppedKeys(s, log); err != nil {
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
		s.state.encoding = encoding{s.number, s.windowed, c.prefix, c.young.key(it)}
		if s.buf, err = s.append(s.buf[:0], &it.value); err != nil {
			return s.entryError(c.prefix, c.young.key(it), err)
		}
		s.own(&it.value, s.buf)
		s.learn(c.young, it, int64(len(s.buf)))
		it.flags |= stored
		c.stored = true
		s.state.batch.Put(s.number, key, s.buf)
		if err := log(s.number, key, notNil(s.buf)); err != nil {
			return s.refused(c.prefix, c.young.key(it), err)
		}
		return nil
	case it.flags&stored != 0:
		it.flags &^= stored
		s.state.batch.Delete(s.number, key)
		return log(s.number, key, nil)
	}
	return nil
}

// refused is the failure of a changelog to take an entry. It is the entry's if that is too
// large.
func (s *store[V]) refused(prefix, key []byte, err error) error {
	if !errors.As(err, new(*stream.RecordTooLargeError)) {
		return err
	}
	return s.entryError(prefix, key, err)
}

// notNil makes a nil value an empty one: nil stands for a deleted key.
func notNil(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// learn records an encoded size, and adds it to the mean that new values are charged.
func (s *store[V]) learn(t *table[V], it *item[V], size int64) {
	s.resize(t, it, size)
	s.mean += (size - s.mean) / 8
}

// logged reports whether write will log a key.
func (c *cache[V]) logged(s *store[V], key []byte) bool {
	_, it := c.young.find(s.hash(key), key, &s.pool)
	return it != nil && it.flags&dirty != 0 && it.flags&(present|stored) != 0
}
