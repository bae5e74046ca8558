package layout

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/serde"
)

// Tags of the spaces of a store with an index. They aren't 0, since the key of the meta
// record in a changelog begins with that.
const (
	tagEntries = 1
	tagIndex   = 2 // an expiry index, or the heads of lists
)

// A mortal is a value that expires. The index has one entry for it, at armed, which
// is at most expires: a value whose expiry moves on doesn't move in the index until
// the index entry comes due.
type mortal[V any] struct {
	expires, armed int64
	value          V
}

// mortalSerde is how mortals are stored: the expiry as 8 bytes, big-endian, by how
// much armed is before it as a varint, and the value.
type mortalSerde[V any] struct {
	append func([]byte, *V) ([]byte, error)
	parse  func([]byte, *V) error
}

func newMortalSerde[V any](values serde.Serde[V]) mortalSerde[V] {
	return mortalSerde[V]{serde.Appender(values), serde.Parser(values)}
}

func (s mortalSerde[V]) Append(dst []byte, m mortal[V]) ([]byte, error) { return s.AppendFrom(dst, &m) }

func (s mortalSerde[V]) AppendFrom(dst []byte, m *mortal[V]) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.expires))
	dst = binary.AppendUvarint(dst, uint64(m.expires)-uint64(m.armed))
	return s.append(dst, &m.value)
}

func (s mortalSerde[V]) Parse(src []byte) (m mortal[V], err error) {
	err = s.ParseInto(src, &m)
	return m, err
}

func (s mortalSerde[V]) ParseInto(src []byte, m *mortal[V]) (err error) {
	var value []byte
	if m.expires, m.armed, value, err = splitMortal(src); err != nil {
		return err
	}
	return s.parse(value, &m.value)
}

var errMortal = errors.New("a stored value lacks its expiry time")

// splitMortal takes a stored mortal apart.
func splitMortal(stored []byte) (expires, armed int64, value []byte, err error) {
	if len(stored) < 9 {
		return 0, 0, nil, errMortal
	}
	expires = int64(binary.BigEndian.Uint64(stored))
	ahead, n := binary.Uvarint(stored[8:])
	if n <= 0 {
		return 0, 0, nil, errMortal
	}
	return expires, int64(uint64(expires) - ahead), stored[8+n:], nil
}

// mortalValue is Layout.Value of stored mortals.
func mortalValue(stored []byte) ([]byte, bool, error) {
	_, _, value, err := splitMortal(stored)
	return value, err == nil, err
}

// deriveIndex derives the index entry of a stored mortal.
func deriveIndex(stored, value []byte, put kv.Put) error {
	if len(stored) == 0 || stored[0] != tagEntries {
		return errKey
	}
	_, armed, _, err := splitMortal(value)
	if err != nil {
		return err
	}
	key := make([]byte, 0, 9+len(stored))
	key = appendTime(append(key, tagIndex), armed)
	return put(append(key, stored[1:]...), []byte{})
}

// entriesSpace is the range of stored keys of the entries beside an index.
func entriesSpace() (from, to []byte) { return []byte{tagEntries}, []byte{tagIndex} }

// untagged returns the stored key of an entry without the tag of its space.
func untagged(stored []byte) ([]byte, error) {
	if len(stored) == 0 || stored[0] != tagEntries {
		return nil, errKey
	}
	return stored[1:], nil
}
