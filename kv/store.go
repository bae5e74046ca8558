package kv

import (
	"hash/maphash"
	"reflect"

	"github.com/gretestream/grete/stream/serde"
)

// A store is what Values and Windows have in common: how the values of one store move
// between the cache and the database.
type store[V any] struct {
	state  *State
	number int
	// windowed: the prefixes of the caches are starts of windows.
	windowed bool
	pool     pool[V]
	seed     maphash.Seed
	parse    func(src []byte, v *V) error
	append   func(dst []byte, v *V) ([]byte, error)
	owner    owner[V]
	saved    savedLog[V]

	scratch V      // a parsed value that isn't in the cache
	keyBuf  []byte // a key in the database
	buf     []byte // an encoded value
	mean    int64  // rough size of an encoded value
}

func newStore[V any](s *State, number int, values serde.Serde[V]) store[V] {
	return store[V]{
		state: s, number: number, pool: newPool[V](s.budget), seed: maphash.MakeSeed(),
		parse: serde.Parser(values), append: serde.Appender(values),
		owner: newOwner[V](), saved: savedLog[V]{plain: plainType(reflect.TypeFor[V]())},
	}
}

// hasPointers reports whether values of a type point to memory of their own.
func hasPointers[V any]() bool { return pointsElsewhere(reflect.TypeFor[V]()) }

func pointsElsewhere(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && pointsElsewhere(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if pointsElsewhere(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return t.Kind() > reflect.Complex128
	}
}

// db is the database.
func (s *store[V]) db() Database { return s.state.db }

func (s *store[V]) hash(key []byte) uint32 { return uint32(maphash.Bytes(s.seed, key)) }

// read parses a stored value into scratch.
func (s *store[V]) read(prefix, key, value []byte) error {
	var zero V
	s.scratch = zero
	if err := s.parse(value, &s.scratch); err != nil {
		e := s.entryError(prefix, key, err)
		e.Stored = true
		return e
	}
	return nil
}

// own gives the strings of a value memory of their own. encoded is what the value was
// encoded to. If the value refers to strings outside of it, the value is decoded again,
// as it would be after a restart: what it refers to may be shared with a record.
func (s *store[V]) own(v *V, encoded []byte) {
	if !s.owner.deep {
		s.owner.own(v)
		return
	}
	var zero V
	s.scratch = zero
	if s.parse(encoded, &s.scratch) == nil {
		*v = s.scratch
	}
	s.scratch = zero
}

// cost is how many bytes a dirty item counts.
func (s *store[V]) cost(it *item[V]) int64 {
	n := s.pool.itemBytes() + slotBytes + int64(it.klen)
	if s.pool.pointers {
		n += int64(it.size)
	}
	return n
}

// resize records the encoded size of an item's value.
func (s *store[V]) resize(t *table[V], it *item[V], size int64) {
	if s.pool.pointers {
		t.heap += size - int64(it.size)
		s.pool.charge(size - int64(it.size))
	}
	it.size = uint32(size)
}
