package op

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/stream/serde"
)

// A groupSerde encodes a groupChange: a byte that says which of the values follow, and the
// values. The length of the old one is before it, as 4 bytes, if there are both. The group
// is the key of the record.
type groupSerde[J, V any] struct {
	name   string
	append func([]byte, *V) ([]byte, error)
	parse  func([]byte, *V) error
}

const (
	groupOld = 1 << iota
	groupNew
)

func newGroupSerde[J, V any](values coding[V]) groupSerde[J, V] {
	return groupSerde[J, V]{"change-of-" + values.name, serde.Appender(values.Serde), serde.Parser(values.Serde)}
}

// String names the serde in plans.
func (s groupSerde[J, V]) String() string { return s.name }

func (s groupSerde[J, V]) Append(dst []byte, c groupChange[J, V]) ([]byte, error) {
	return s.AppendFrom(dst, &c)
}

func (s groupSerde[J, V]) AppendFrom(dst []byte, c *groupChange[J, V]) (_ []byte, err error) {
	switch {
	case !c.hasOld:
		return s.append(append(dst, groupNew), &c.new)
	case !c.hasNew:
		return s.append(append(dst, groupOld), &c.old)
	}
	dst = append(dst, groupOld|groupNew, 0, 0, 0, 0)
	at := len(dst)
	if dst, err = s.append(dst, &c.old); err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(dst[at-4:], uint32(len(dst)-at))
	return s.append(dst, &c.new)
}

func (s groupSerde[J, V]) Parse(src []byte) (c groupChange[J, V], err error) {
	err = s.ParseInto(src, &c)
	return c, err
}

var errGroupChange = errors.New("this is no change of a group: another program has written to this topic, which is for Grete alone")

func (s groupSerde[J, V]) ParseInto(src []byte, c *groupChange[J, V]) error {
	if len(src) == 0 || src[0] == 0 || src[0] > groupOld|groupNew {
		return errGroupChange
	}
	c.hasOld, c.hasNew = src[0]&groupOld != 0, src[0]&groupNew != 0
	src = src[1:]
	switch {
	case !c.hasOld:
		return s.parse(src, &c.new)
	case !c.hasNew:
		return s.parse(src, &c.old)
	}
	if len(src) < 4 || uint64(len(src)-4) < uint64(binary.BigEndian.Uint32(src)) {
		return errGroupChange
	}
	end := 4 + binary.BigEndian.Uint32(src)
	if err := s.parse(src[4:end], &c.old); err != nil {
		return err
	}
	return s.parse(src[end:], &c.new)
}
