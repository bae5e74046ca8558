package kv

import (
	"github.com/gretestream/grete/stream/serde"
)

// Values are a store's values by key: decoded in a cache, and written to the database
// at a commit. A key may be any bytes.
type Values[V any] struct {
	store   store[V]
	cache   cache[V]
	derived bool
	doomed  slab // keys that DeleteRange is about to delete
	resets  int
}

// A Space is a part of a store: the keys that begin with its tag. A store is
// either one view's as a whole, or divided into spaces with a view each.
type Space struct {
	Tag byte
	// Derived: the changelog doesn't have the entries, as a restore derives them
	// from others (see [Derive]): an index.
	Derived bool
}

// NewValues returns the values of a store. A store has one view at a time.
func NewValues[V any](s *State, store int, values serde.Serde[V]) *Values[V] {
	return newValues(s, store, nil, false, values)
}

// NewSpace returns the values of a space of a store. A space has one view at a time.
// Keys have the tag in the database and the changelog alone.
func NewSpace[V any](s *State, store int, space Space, values serde.Serde[V]) *Values[V] {
	return newValues(s, store, []byte{space.Tag}, space.Derived, values)
}

func newValues[V any](s *State, store int, prefix []byte, derived bool, values serde.Serde[V]) *Values[V] {
	c := &Values[V]{store: newStore(s, store, values), derived: derived}
	c.store.saved.self, c.store.saved.derived = c, derived
	c.cache = c.store.newCache(prefix, empty(s.db, store, prefix))
	s.attach(store, prefix, c)
	return c
}

// empty reports whether a store of a database is known to have no key with a
// prefix.
func empty(db Database, store int, prefix []byte) bool {
	it := db.Iterate(store, prefix, After(prefix))
	found := it.Next()
	err := it.Err()
	return it.Close() == nil && err == nil && !found
}

// Get returns a key's value. It must not be changed, and is valid until the next call.
func (c *Values[V]) Get(key []byte) (v *V, found bool, err error) {
	v, err = c.cache.get(&c.store, key)
	return v, v != nil, err
}

// Upsert returns a key's value to be changed, until the next call; it is written at
// the next commit. A value that doesn't exist is created, as the zero value.
func (c *Values[V]) Upsert(key []byte) (v *V, existed bool, err error) {
	return c.cache.upsert(&c.store, key)
}

// Delete removes a key.
func (c *Values[V]) Delete(key []byte) error { return c.cache.remove(&c.store, key) }

// Range calls f for the keys in [from, to) in order, until it returns false; a nil to
// is the end. f must not change the value, nor use the store.
func (c *Values[V]) Range(from, to []byte, f func(key []byte, v *V) (bool, error)) error {
	return c.cache.ascend(&c.store, from, to, f)
}

// DeleteRange removes the keys in [from, to); a nil to is the end. It costs a
// removal of each.
func (c *Values[V]) DeleteRange(from, to []byte) error {
	m := &c.store.pool.memory
	defer c.doomed.free(m)
	var keys []doomedKey
	err := c.Range(from, to, func(key []byte, _ *V) (bool, error) {
		keys = append(keys, doomedKey{c.doomed.add(key, m), uint32(len(key))})
		return true, nil
	})
	if err != nil {
		return err
	}
	return c.remove(keys)
}

// remove removes keys that exist. Only a segment needs to know their values.
func (c *Values[V]) remove(keys []doomedKey) error {
	segment := c.store.state.Undo.mode != undoOff
	for _, k := range keys {
		key := c.doomed.at(k.ref, k.length)
		if !segment {
			c.cache.removeExisting(&c.store, key)
		} else if err := c.cache.remove(&c.store, key); err != nil {
			return err
		}
	}
	return nil
}

// doomedKey says where a key is in a slab.
type doomedKey struct {
	ref    ref
	length uint32
}

// Resets returns how often the values went back to those of the last commit
// ([State.Discard]), or of the beginning of a segment ([Undo.Rewind]): what a caller
// remembers of them isn't valid then.
func (c *Values[V]) Resets() int { return c.resets }

func (c *Values[V]) prepare(log Log) error {
	if c.derived {
		log = notLogged
	}
	return c.cache.prepare(&c.store, log)
}

// notLogged is the log of what a restore derives.
func notLogged(int, []byte, []byte) error { return nil }

func (c *Values[V]) applied()    { c.cache.applied(&c.store) }
func (c *Values[V]) held() int64 { return c.store.pool.inUse() }
func (c *Values[V]) dropIdle()   { c.store.pool.dropIdle() }

func (c *Values[V]) sweep(limit int) (work int) { return c.store.pool.sweep(limit) }

func (c *Values[V]) evict() (work int, more bool) {
	if !c.cache.evictable() || c.cache.empty() {
		return lookWork, false
	}
	return c.cache.evict(&c.store), true
}

// reset drops the whole cache. It never fails.
func (c *Values[V]) reset() error {
	c.release()
	c.cache = c.store.newCache(c.cache.prefix, false)
	c.resets++
	return nil
}

func (c *Values[V]) release() {
	c.store.saved.forget()
	c.cache.release(&c.store)
	c.store.pool.drop()
}
