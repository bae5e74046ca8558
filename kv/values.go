package kv

import (
	"github.com/gretestream/grete/stream/serde"
)

// Values are a store's values by key: cached, decoded, and written back at a
// commit. A key may be any bytes.
type Values[V any] struct {
	store store[V]
	cache *cache[V]
}

// NewValues returns the values of a store, of which there is one view at a time.
func NewValues[V any](s *State, store int, values serde.Serde[V]) *Values[V] {
	c := &Values[V]{store: newStore(s, store, values)}
	c.cache = c.store.newCache(nil, empty(s.db, store))
	s.attach(store, c)
	return c
}

// empty tells whether a store of a database is known to hold nothing.
func empty(db Database, store int) bool {
	it := db.Iterate(store, nil, nil)
	found := it.Next()
	err := it.Err()
	return it.Close() == nil && err == nil && !found
}

// Get returns a key's value, to read only, valid until the next call.
func (c *Values[V]) Get(key []byte) (v *V, found bool, err error) {
	v, err = c.cache.get(&c.store, key)
	return v, v != nil, err
}

// Upsert returns a key's value to be changed, until the next call; it is written
// at the next commit. If the key doesn't exist it does from now on, with a zero
// value.
func (c *Values[V]) Upsert(key []byte) (v *V, existed bool, err error) {
	return c.cache.upsert(&c.store, key)
}

// Delete removes a key.
func (c *Values[V]) Delete(key []byte) error { return c.cache.remove(&c.store, key) }

// Range calls f for the keys in [from, to) in order, until it returns false; a
// nil to is the end. The value is to read only. f must not use the store.
func (c *Values[V]) Range(from, to []byte, f func(key []byte, v *V) (bool, error)) error {
	return c.cache.ascend(&c.store, from, to, f)
}

func (c *Values[V]) prepare(log Log) error { return c.cache.prepare(&c.store, log) }
func (c *Values[V]) applied()              { c.cache.applied(&c.store) }
func (c *Values[V]) evictable() int64      { return c.cache.bytes() }
func (c *Values[V]) age(share int64)       { c.cache.age(&c.store, share) }
func (c *Values[V]) evict()                { c.cache.evict(&c.store) }
func (c *Values[V]) dropIdle()             { c.store.pool.dropIdle() }

// reset forgets everything. It never fails.
func (c *Values[V]) reset() error {
	c.cache.discard(&c.store)
	return nil
}

func (c *Values[V]) release() {
	c.cache.free(&c.store)
	c.dropIdle()
}
