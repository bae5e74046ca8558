package kv

import (
	"fmt"
	"hash/maphash"

	"github.com/gretestream/grete/stream"
)

// replayBatch is how many bytes of a replay are written at a time. Only the last batch
// has the meta record: if the process is killed before, the others are replayed again,
// which does no harm.
const replayBatch = 4 << 20

// loadBytes is the size of a store's table, without values, from which on its entries
// are loaded rather than written. A load costs the database a file.
const loadBytes = 1 << 20

// A replay buffers the last record of each key of the changelogs, so that a key that
// changed often is written once, and keys are written in order. A nil replay is empty.
type replay struct {
	state  *State
	pool   pool[replayed]
	seed   maphash.Seed
	tables []*table[replayed] // by store
	values slab
	// reserved is how many bytes derived entries will add to those that are held.
	reserved int64
}

// replayed is a value in the slab; a deleted key has none.
type replayed struct {
	ref    ref
	length uint32
	room   uint32
}

func newReplay(s *State) *replay {
	r := &replay{state: s, pool: newPool[replayed](s.budget), seed: maphash.MakeSeed()}
	for range s.stores {
		r.tables = append(r.tables, r.pool.table())
	}
	return r
}

// Derive calls put for the entry of a derived [Space] that belongs to an entry of the
// changelog. Keys and values are those of the database. It puts one entry at most, and
// its key is at most derivedBytes longer.
type Derive = func(key, value []byte, put Put) error

// derivedBytes is by how much a derived key may be longer than the one it is derived
// from.
const derivedBytes = 16

// SetDerive sets what a replay derives from a store's changelog; nil is nothing. It
// must be called before Replay.
func (s *State) SetDerive(store int, f Derive) { s.derive[store] = f }

// Replay applies one record of a changelog, before the store's view is made. The last
// record of a key wins. Records are buffered: see [State.ReplayDue].
func (s *State) Replay(store int, key, value []byte) error {
	if s.closed {
		return stream.ErrClosed
	}
	if s.viewed(store) {
		return errReplayLate
	}
	if s.replay == nil {
		s.replay = newReplay(s)
	}
	s.replay.put(store, key, value)
	if s.replay.held() <= s.budget.limit() {
		return nil
	}
	if err := s.replay.write(); err != nil {
		return err
	}
	return s.flushReplay()
}

// ReplayDue reports that [State.ApplyReplay] should be called, because much is
// buffered.
func (s *State) ReplayDue() bool {
	held := s.replay.held()
	limit := s.budget.limit()
	return held > limit/2 || held > limit/64 && s.budget.Used() > limit
}

// ApplyReplay writes the buffered records and the meta record. An interim meta record
// states how far the replay is, so that an interrupted replay continues there.
func (s *State) ApplyReplay(meta []byte) error {
	if s.prepared {
		return errPrepared
	}
	err := s.replay.write()
	if err == nil {
		err = s.write(meta)
	}
	s.batch.Reset()
	s.replay.release()
	s.replay = nil
	return err
}

// flushReplay writes the rest of the batch, without a meta record, and empties the
// buffer.
func (s *State) flushReplay() error {
	err := s.db.Write(s.batch)
	s.batch.Reset()
	s.replay.release()
	s.replay = nil
	return err
}

// held returns how many bytes are buffered.
func (r *replay) held() int64 {
	if r == nil {
		return 0
	}
	return r.pool.held + r.reserved
}

func (r *replay) put(store int, key, value []byte) {
	t := r.tables[store]
	hash := uint32(maphash.Bytes(r.seed, key))
	_, it := t.find(hash, key, &r.pool)
	if it == nil {
		_, it = t.insert(hash, key, &r.pool)
		if r.state.derive[store] != nil {
			r.reserved += r.pool.itemBytes() + slotBytes + int64(len(key)) + derivedBytes
		}
	}
	if value == nil {
		it.flags &^= present
		return
	}
	it.flags |= present
	v := &it.value
	v.length = uint32(len(value))
	if v.length > v.room {
		v.ref, v.room = r.values.add(value, &r.pool.memory), v.length
		return
	}
	if v.length > 0 {
		copy(r.values.at(v.ref, v.length), value)
	}
}

// write writes everything in order, except a last part that stays in the state's batch.
func (r *replay) write() error {
	if r == nil {
		return nil
	}
	r.state.batch.Reset()
	for store, t := range r.tables {
		if err := r.deriveAll(store, t); err != nil {
			return err
		}
		loaded, err := r.load(store, t)
		if err == nil && !loaded {
			err = r.each(store, t, func(key, value []byte) error { return r.batch(store, key, value) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deriveAll adds the entries that are derived from those of a store.
func (r *replay) deriveAll(store int, t *table[replayed]) error {
	derive := r.state.derive[store]
	if derive == nil {
		return nil
	}
	put := func(key, value []byte) error {
		r.put(store, key, value)
		return nil
	}
	for i := range uint32(t.n) {
		it := t.at(i, &r.pool)
		if it.flags&present == 0 {
			continue
		}
		key := t.key(it)
		if err := derive(key, r.value(it), put); err != nil {
			return fmt.Errorf("store %s: changelog record %.100q: %w", r.state.stores[store], key, err)
		}
	}
	r.reserved = 0
	return nil
}

// value returns the value of an item that is present.
func (r *replay) value(it *item[replayed]) []byte {
	if it.value.length == 0 {
		return []byte{}
	}
	return r.values.at(it.value.ref, it.value.length)
}

// load loads a store's entries, if they are many and the database is a [Loader].
func (r *replay) load(store int, t *table[replayed]) (bool, error) {
	db, ok := r.state.db.(Loader)
	if !ok || t.size() < loadBytes {
		return false, nil
	}
	return db.Load(store, func(put Put) error { return r.each(store, t, put) })
}

// batch adds an entry to the batch, and writes the batch when it is full.
func (r *replay) batch(store int, key, value []byte) error {
	b := r.state.batch
	if value == nil {
		b.Delete(store, key)
	} else {
		b.Put(store, key, value)
	}
	if b.Size() < replayBatch {
		return nil
	}
	err := r.state.db.Write(b)
	b.Reset()
	return err
}

// each calls put for the entries of a store in the order of their keys, with a nil
// value for deleted ones.
func (r *replay) each(store int, t *table[replayed], put Put) error {
	for _, i := range t.ascending(&r.state.sorter, &r.pool) {
		it := t.at(i, &r.pool)
		key := t.key(it)
		var value []byte
		if it.flags&present != 0 {
			value = r.value(it)
		} else {
			// A tombstone for a key that doesn't exist costs more than a look.
			_, found, err := r.state.db.Get(store, key)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
		}
		if err := put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// release gives the memory back.
func (r *replay) release() {
	if r != nil {
		r.pool.drop()
	}
}
