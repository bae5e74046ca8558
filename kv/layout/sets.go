package layout

import "github.com/gretestream/grete/kv"

// Sets have a set for each key, whose members expire: at a time that each has, in
// ms of event time. Members are encoded values, in the order of their bytes. See
// [Expiring] for how they expire.
type Sets struct {
	members *Expiring[struct{}]
	buf     []byte // the last key that was encoded
}

// NewSets returns the sets of a store, of which there is one view at a time.
func NewSets(s *kv.State, store int) *Sets {
	return &Sets{members: NewExpiring[struct{}](s, store, emptySerde{})}
}

func (s *Sets) key(key, member []byte) []byte {
	s.buf = append(AppendKey(s.buf[:0], key), member...)
	return s.buf
}

// Expires returns when a member of a key's set expires; false if it isn't in the set.
func (s *Sets) Expires(key, member []byte) (expires int64, found bool, err error) {
	_, expires, found, err = s.members.Get(s.key(key, member))
	return expires, found, err
}

// Put adds a member to a key's set, or changes its expiry.
func (s *Sets) Put(key, member []byte, expires int64) error {
	_, _, err := s.members.Upsert(s.key(key, member), expires)
	return err
}

// Next is [Expiring.Next].
func (s *Sets) Next() (int64, error) { return s.members.Next() }

// Expire removes the members whose expiry is now or before. It looks at limit of
// them at most, and returns true if more are due.
func (s *Sets) Expire(now int64, limit int) (more bool, err error) {
	return s.members.Expire(now, limit, func([]byte, int64, *struct{}) error { return nil })
}

// ExpireEach is Expire with a function that is called for each member before it is removed. It
// must not use the store.
func (s *Sets) ExpireEach(now int64, limit int, f func(key, member []byte) error) (more bool, err error) {
	return s.members.Expire(now, limit, func(stored []byte, _ int64, _ *struct{}) error {
		key, member, err := SplitKey(nil, stored)
		if err != nil {
			return err
		}
		return f(key, member)
	})
}

// setsLayout is that of [Sets]. What it shows as the value of an entry is the member.
type setsLayout struct{ expiringLayout }

// The value of an entry is its member, which is part of the key.
func (setsLayout) numbered() bool { return false }

func (setsLayout) RecordKey(dst, stored []byte) ([]byte, error) {
	key, err := untagged(stored)
	if err != nil {
		return nil, err
	}
	key, _, err = SplitKey(dst, key)
	return key, err
}

func (setsLayout) Value(key, _ []byte) ([]byte, bool, error) {
	key, err := untagged(key)
	if err != nil {
		return nil, false, err
	}
	_, member, err := SplitKey(nil, key)
	return member, err == nil, err
}

func (l setsLayout) Select(q Query) (*Selection, error) {
	if !q.HasKey {
		return rangeOfKeys(l, []byte{tagEntries}, q), nil
	}
	return ofKey(q.Key, AppendKey([]byte{tagEntries}, q.Key)), nil
}

func (l setsLayout) show(e *Entry, stored, value []byte) ([]byte, error) {
	if _, err := l.expiringLayout.show(e, stored, value); err != nil {
		return nil, err
	}
	return l.RecordKey(nil, stored)
}
