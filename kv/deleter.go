package kv

import "errors"

// pointDeletes is how many keys are deleted one by one rather than as a range. Each
// read of RocksDB looks at all range tombstones of a memtable or file, so a few keys
// aren't worth one.
const pointDeletes = 64

// A deleter deletes the keys of one range: it logs each, and adds to the batch
// either a deletion of each or one of the range.
type deleter struct {
	batch    *Batch
	log      Log
	store    int
	from, to []byte
	start    batchMark // of the batch
	n        int       // keys so far
}

// newDeleter begins to delete the range [from, to), in which nothing may remain; a
// nil to is the end of the store.
func newDeleter(b *Batch, store int, from, to []byte, log Log) deleter {
	return deleter{batch: b, log: log, store: store, from: from, to: to, start: b.mark()}
}

func (d *deleter) key(key []byte) error {
	if d.n++; !d.ranged() {
		d.batch.Delete(d.store, key)
	}
	return d.log(d.store, key, nil)
}

// ranged reports whether the keys are deleted as a range: too many are, unless the
// range has no end.
func (d *deleter) ranged() bool { return d.n > pointDeletes && d.to != nil }

func (d *deleter) finish() {
	if d.ranged() {
		d.batch.rewind(d.start)
		d.batch.DeleteRange(d.store, d.from, d.to)
	}
}

// deleteDroppedKeys deletes the dropped entries of a window that has others left.
// Those that were set again are written afterwards.
func (c *cache[V]) deleteDroppedKeys(s *store[V], log Log) error {
	end := append(append(append([]byte(nil), c.prefix...), c.dropped...), 0)
	d := newDeleter(s.state.batch, s.number, c.prefix, end, log)
	if !c.whole() {
		if err := s.deleteStored(c.prefix, end, c, &d); err != nil {
			return err
		}
	}
	for _, i := range c.young.dirty {
		it := c.young.at(i, &s.pool)
		if it.flags&(present|stored) != stored {
			continue
		}
		it.flags &^= stored
		if err := d.key(c.dbKey(s, c.young.key(it))); err != nil {
			return err
		}
	}
	d.finish()
	return nil
}

// deleteStored deletes the entries of a window that the database has before end, but
// for keys that live will log itself. prefix is that of the window's keys.
func (s *store[V]) deleteStored(prefix, end []byte, live *cache[V], d *deleter) (err error) {
	it := s.db().Iterate(s.number, prefix, end)
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		if live != nil && live.logged(s, it.Key()[len(prefix):]) {
			continue
		}
		if err := d.key(it.Key()); err != nil {
			return err
		}
	}
	return it.Err()
}

// deleteCached is deleteStored for a window that is complete, so that the cache
// knows which entries the database has.
func (c *cache[V]) deleteCached(s *store[V], live *cache[V], d *deleter) error {
	for _, t := range []*table[V]{c.young, c.old} {
		if t == nil {
			continue
		}
		for i := range uint32(t.n) {
			it := t.at(i, &s.pool)
			if it.flags&stored == 0 || live != nil && live.logged(s, t.key(it)) {
				continue
			}
			if err := d.key(c.dbKey(s, t.key(it))); err != nil {
				return err
			}
		}
	}
	return nil
}
