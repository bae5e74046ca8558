package layout

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/gretestream/grete/kv"
)

// Members have a set for each key, and for each member the times at which it is in the set:
// those of windows. Members are encoded values, in the order of their bytes.
type Members struct {
	values   *kv.Values[moments]
	from, to []byte // the last keys that were encoded
	doomed   [][]byte
}

// moments are times. Most members have one, which needs no memory of its own.
type moments struct {
	first int64
	more  []int64
}

// NewMembers returns the members of a store, of which there is one view at a time.
func NewMembers(s *kv.State, store int) *Members {
	return &Members{values: kv.NewValues(s, store, momentsSerde{})}
}

func (m *Members) key(key, member []byte) []byte {
	m.from = append(AppendKey(m.from[:0], key), member...)
	return m.from
}

// Has reports whether a member is in a key's set at a time in [from, to).
func (m *Members) Has(key, member []byte, from, to int64) (bool, error) {
	v, found, err := m.values.Get(m.key(key, member))
	return found && err == nil && v.in(from, to), err
}

// Add adds a member to a key's set at a time.
func (m *Members) Add(key, member []byte, at int64) error {
	v, existed, err := m.values.Upsert(m.key(key, member))
	if err != nil {
		return err
	}
	if existed {
		v.more = append(v.more, at)
	} else {
		*v = moments{first: at}
	}
	return nil
}

// Count returns how many members a key has at times in [from, to). It looks at all of the
// key's members.
func (m *Members) Count(key []byte, from, to int64) (n int64, err error) {
	first, end := m.all(key)
	err = m.values.Range(first, end, func(_ []byte, v *moments) (bool, error) {
		if v.in(from, to) {
			n++
		}
		return true, nil
	})
	return n, err
}

// Forget removes a key's members from the times in [from, to).
func (m *Members) Forget(key []byte, from, to int64) error {
	first, end := m.all(key)
	m.doomed = m.doomed[:0]
	err := m.values.Range(first, end, func(stored []byte, v *moments) (bool, error) {
		if v.in(from, to) {
			m.doomed = append(m.doomed, slices.Clone(stored))
		}
		return true, nil
	})
	for i := 0; i < len(m.doomed) && err == nil; i++ {
		err = m.forget(m.doomed[i], from, to)
	}
	return err
}

func (m *Members) forget(stored []byte, from, to int64) error {
	v, _, err := m.values.Upsert(stored)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(append([]int64{v.first}, v.more...), func(at int64) bool { return at >= from && at < to })
	if len(left) == 0 {
		return m.values.Delete(stored)
	}
	*v = moments{left[0], left[1:]}
	return nil
}

// all returns the range of a key's members, valid until the next call.
func (m *Members) all(key []byte) (first, end []byte) {
	m.from = AppendKey(m.from[:0], key)
	m.to = append(m.to[:0], m.from...)
	m.to[len(m.to)-1] = 1 // after the end of the key, which is two zeros
	return m.from, m.to
}

func (v *moments) in(from, to int64) bool {
	in := func(at int64) bool { return at >= from && at < to }
	return in(v.first) || slices.ContainsFunc(v.more, in)
}

// momentsSerde is how moments are stored: one varint after the other.
type momentsSerde struct{}

var errMoments = errors.New("the stored times of a member are malformed")

func (momentsSerde) Append(dst []byte, v moments) ([]byte, error) {
	dst = binary.AppendVarint(dst, v.first)
	for _, at := range v.more {
		dst = binary.AppendVarint(dst, at)
	}
	return dst, nil
}

func (momentsSerde) Parse(src []byte) (v moments, err error) {
	for i := 0; i == 0 || len(src) > 0; i++ {
		at, n := binary.Varint(src)
		if n <= 0 {
			return v, errMoments
		}
		src = src[n:]
		if i == 0 {
			v.first = at
		} else {
			v.more = append(v.more, at)
		}
	}
	return v, nil
}

// membersLayout is that of [Members]. What it shows as the value of an entry is the
// member, and as its time the first one.
type membersLayout struct{}

func (membersLayout) Args() []string             { return nil }
func (membersLayout) numbered() bool             { return false }
func (membersLayout) Derive() kv.Derive          { return nil }
func (membersLayout) Entries() (from, to []byte) { return nil, nil }

func (membersLayout) RecordKey(dst, stored []byte) ([]byte, error) {
	key, _, err := SplitKey(dst, stored)
	return key, err
}

func (membersLayout) Value(key, _ []byte) ([]byte, bool, error) {
	_, member, err := SplitKey(nil, key)
	return member, err == nil, err
}

func (l membersLayout) Select(q Query) (*Selection, error) {
	if !q.HasKey {
		return rangeOfKeys(l, nil, q), nil
	}
	return ofKey(q.Key, AppendKey(nil, q.Key)), nil
}

func (l membersLayout) show(e *Entry, stored, value []byte) ([]byte, error) {
	v, err := momentsSerde{}.Parse(value)
	if err != nil {
		return nil, err
	}
	e.Time = &v.first
	return l.RecordKey(nil, stored)
}
