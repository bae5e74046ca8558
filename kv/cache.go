package kv

import "bytes"

// A cache holds decoded entries of a store, or of one window of it, in two
// generations: an entry that is used moves to the young one, and eviction drops
// the old one as a whole. Dirty entries are in the young one; the generations
// change only while nothing is dirty.
type cache[V any] struct {
	prefix     []byte // of the keys in the database
	young, old *table[V]
	// complete: the cache has every entry of the database, so that a key that isn't
	// found needs no read of it.
	complete bool
	// stored: the database may hold something.
	stored bool
	// sorts: if all entries are in the young generation they are sorted to be read in
	// order. That is right for a window, which is read once, and wrong for a store that
	// is read and written in turn.
	sorts bool
	// dropped: the entries up to and including this key were dropped since the last
	// commit, in the database and among the clean ones of the cache; nil if none were.
	dropped []byte
	// skip: the first so many items of young.sorted aren't present.
	skip       int
	dirtyBytes int64
	order      dirtyOrder
}

func (s *store[V]) newCache(prefix []byte, complete bool) cache[V] {
	return cache[V]{prefix: prefix, young: s.pool.table(), complete: complete, stored: !complete}
}

// dbKey returns the key in the database, valid until the next call.
func (c *cache[V]) dbKey(s *store[V], key []byte) []byte {
	if len(c.prefix) == 0 {
		return key
	}
	s.keyBuf = append(append(s.keyBuf[:0], c.prefix...), key...)
	return s.keyBuf
}

// upsert returns a key's value to be changed, a zero value if there is none.
func (c *cache[V]) upsert(s *store[V], key []byte) (v *V, existed bool, err error) {
	i, it, err := c.obtain(s, key)
	if err != nil {
		return nil, false, err
	}
	if s.state.Undo.mode != undoOff {
		if err := c.save(s, i, it); err != nil {
			return nil, false, err
		}
	}
	existed = it.flags&present != 0
	if it.flags&(present|dirty) != present|dirty {
		if !existed {
			c.skip = 0
		}
		it.flags |= present
		c.mark(s, i, it)
	}
	return &it.value, existed, nil
}

// obtain returns a key's item in the young generation, a new one if need be.
func (c *cache[V]) obtain(s *store[V], key []byte) (uint32, *item[V], error) {
	hash := s.hash(key)
	i, it := c.young.find(hash, key, &s.pool)
	if it != nil && c.dropped == nil {
		return i, it, nil
	}
	i, it, err := c.lookup(s, hash, key, i, it)
	if err != nil || it != nil {
		return i, it, err
	}
	i, it = c.young.insert(hash, key, &s.pool)
	c.guess(s, it)
	return i, it, nil
}

// guess charges the mean size for a new value until its size is known.
func (c *cache[V]) guess(s *store[V], it *item[V]) { s.resize(c.young, it, s.mean) }

// lookup returns a key's item, moved to the young generation from the old one or
// from the database, or nil if it is in none of them. i and it are the item in the
// young one, if it has one.
func (c *cache[V]) lookup(s *store[V], hash uint32, key []byte, i uint32, it *item[V]) (uint32, *item[V], error) {
	gone := c.dropped != nil && bytes.Compare(key, c.dropped) <= 0
	if it != nil {
		if gone && it.flags&(present|dirty) == present {
			c.absent(it)
		}
		return i, it, nil
	}
	if gone {
		return 0, nil, nil
	}
	if c.old != nil {
		if _, o := c.old.find(hash, key, &s.pool); o != nil {
			i, it = c.promote(s, hash, key, o)
			return i, it, nil
		}
	}
	if c.complete {
		return 0, nil, nil
	}
	return c.load(s, hash, key)
}

// absent marks an item's key as one that doesn't exist.
func (c *cache[V]) absent(it *item[V]) {
	var zero V
	it.value = zero
	it.flags &^= present
}

// promote copies an item of the old generation to the young one. The copy in the
// old one isn't read again.
func (c *cache[V]) promote(s *store[V], hash uint32, key []byte, o *item[V]) (uint32, *item[V]) {
	i, it := c.young.insert(hash, key, &s.pool)
	it.value, it.flags = o.value, o.flags
	s.resize(c.young, it, int64(o.size))
	s.resize(c.old, o, 0)
	c.absent(o)
	o.flags = 0
	return i, it
}

func (c *cache[V]) load(s *store[V], hash uint32, key []byte) (uint32, *item[V], error) {
	value, found, err := s.db().Get(s.number, c.dbKey(s, key))
	if err != nil || !found {
		return 0, nil, err
	}
	if err := s.read(c.prefix, key, value); err != nil {
		return 0, nil, err
	}
	i, it := c.young.insert(hash, key, &s.pool)
	it.value, it.flags = s.scratch, present|stored
	s.resize(c.young, it, int64(len(value)))
	return i, it, nil
}

// mark makes an item dirty.
func (c *cache[V]) mark(s *store[V], i uint32, it *item[V]) {
	if it.flags&dirty != 0 {
		return
	}
	it.flags |= dirty
	c.young.dirty = append(c.young.dirty, i)
	cost := s.cost(it)
	c.dirtyBytes += cost
	s.state.budget.dirty += cost
	if c.order.items != nil {
		c.order.items.Set(c.young.key(it), i)
	}
}

// get returns a key's value, nil if there is none.
func (c *cache[V]) get(s *store[V], key []byte) (*V, error) {
	hash := s.hash(key)
	i, it := c.young.find(hash, key, &s.pool)
	if it == nil || c.dropped != nil {
		var err error
		if _, it, err = c.lookup(s, hash, key, i, it); err != nil {
			return nil, err
		}
	}
	if it == nil || it.flags&present == 0 {
		return nil, nil
	}
	return &it.value, nil
}

// remove removes a key.
func (c *cache[V]) remove(s *store[V], key []byte) error {
	hash := s.hash(key)
	i, it := c.young.find(hash, key, &s.pool)
	i, it, err := c.lookup(s, hash, key, i, it)
	if err != nil || it == nil || it.flags&present == 0 {
		return err
	}
	if s.state.Undo.mode != undoOff {
		if err := c.save(s, i, it); err != nil {
			return err
		}
	}
	c.absent(it)
	c.mark(s, i, it)
	return nil
}

// removeExisting removes a key that exists, outside of a segment, without reading its value.
func (c *cache[V]) removeExisting(s *store[V], key []byte) {
	hash := s.hash(key)
	i, it := c.young.find(hash, key, &s.pool)
	if it == nil && c.old != nil {
		if _, o := c.old.find(hash, key, &s.pool); o != nil {
			i, it = c.promote(s, hash, key, o)
		}
	}
	if it == nil {
		i, it = c.young.insert(hash, key, &s.pool)
		it.flags = stored
	}
	c.absent(it)
	c.mark(s, i, it)
}

// applied is called when the dirty items are written.
func (c *cache[V]) applied(s *store[V]) {
	for _, i := range c.young.dirty {
		c.young.at(i, &s.pool).flags &^= dirty
	}
	c.clean(s)
	if c.dropped != nil {
		c.dropped = nil
		if !c.whole() {
			// Clean entries that were dropped can be told from the others only by looking at
			// each. A window that is being closed reads its entries only once anyway.
			c.forget(s)
		}
	}
	c.age(s)
}

// clean empties the list of dirty items.
func (c *cache[V]) clean(s *store[V]) {
	s.state.budget.dirty -= c.dirtyBytes
	c.dirtyBytes = 0
	c.young.dirty = c.young.dirty[:0]
	c.order.clear()
}

// whole reports whether all entries are in the young generation.
func (c *cache[V]) whole() bool { return c.complete && c.old == nil }

// bytes returns the size of the tables.
func (c *cache[V]) bytes() int64 {
	n := c.young.size()
	if c.old != nil {
		n += c.old.size()
	}
	return n
}

// evictable reports whether the entries may be evicted: none is dirty.
func (c *cache[V]) evictable() bool { return len(c.young.dirty) == 0 && c.dropped == nil }

// empty reports whether the tables have no items.
func (c *cache[V]) empty() bool { return c.young.n == 0 && (c.old == nil || c.old.n == 0) }

// age makes the young generation the old one, if that one is free and the cache has much
// of a budget that is half used. It is called when nothing is dirty.
func (c *cache[V]) age(s *store[V]) {
	b := s.state.budget
	if c.old == nil && b.used > b.limit()/2 && c.bytes() > b.limit()/8 {
		c.old, c.young, c.skip = c.young, s.pool.table(), 0
	}
}

// evict drops the old generation, and makes the young one old; if there is no old
// one, it drops all.
func (c *cache[V]) evict(s *store[V]) (work int) {
	if c.old == nil {
		return c.forget(s)
	}
	work = s.pool.condemn(c.old)
	c.old, c.young, c.skip = c.young, s.pool.table(), 0
	c.complete = !c.stored
	return work
}

// forget drops everything clean.
func (c *cache[V]) forget(s *store[V]) (work int) {
	work = c.condemn(s)
	c.young = s.pool.table()
	c.complete = !c.stored
	return work
}

// condemn drops everything. The cache must not be used afterwards.
func (c *cache[V]) condemn(s *store[V]) (work int) {
	c.clean(s)
	work = s.pool.condemn(c.young)
	if c.old != nil {
		work += s.pool.condemn(c.old)
	}
	c.young, c.old, c.skip = nil, nil, 0
	return work
}

// release is called when all memory of the store is dropped. A cache that is used
// afterwards finds nothing and reads the database, which returns an error if it is closed.
func (c *cache[V]) release(s *store[V]) {
	c.clean(s)
	c.young, c.old, c.skip, c.dropped = &table[V]{}, nil, 0, nil
	c.complete = false
}
