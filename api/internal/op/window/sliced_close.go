package window

import (
	"bytes"
	"slices"

	"github.com/gretestream/grete/kv/layout"
)

// sliceChunk is how many keys of each slice are merged in one piece of work.
const sliceChunk = 1024

// Advance closes the windows that are due, oldest first.
func (s *sliced[K, M, A, R, P]) Advance() (bool, error) {
	for room := closeChunk; s.Due() <= s.time.Now(); {
		if room <= 0 {
			return true, nil
		}
		start, _ := s.first()
		var after []byte
		if s.partly && start == s.next {
			after = s.lastKey
		}
		s.next = start
		n, whole, err := s.merge(start, after)
		if err != nil {
			return false, err
		}
		if err := s.emit(start, false); err != nil {
			return false, err
		}
		room -= n + closeCost
		if s.partly = !whole; whole {
			s.next = start + s.every
			if err := s.drop(start); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// drop removes the slice that no further window has.
func (s *sliced[K, M, A, R, P]) drop(start int64) error {
	if err := s.ended.Drop(start, nil); err != nil {
		return err
	}
	return s.windows.Drop(start, nil)
}

// merged are the merged values of a chunk of keys.
type merged[A any] struct {
	index  map[string]int
	values []mergedValue[A]
}

type mergedValue[A any] struct {
	key   string
	value A
	first bool // the window's first slice has the key
}

func (m *merged[A]) reset() {
	if m.index == nil {
		m.index = make(map[string]int)
	}
	clear(m.index)
	clear(m.values)
	m.values = m.values[:0]
}

// merge merges the slices of a window, by key: of the keys after one, a chunk. n is the number
// of values that were merged. It reports whether these were all; lastKey is the last key else.
func (s *sliced[K, M, A, R, P]) merge(start int64, after []byte) (n int, whole bool, err error) {
	s.merged.reset()
	var bound []byte // of the chunk; nil: none
	for slice, found := s.windows.Next(start); found && slice < start+s.size; slice, found = s.windows.Next(slice + 1) {
		taken := 0
		err := s.readable(slice, after, func(key []byte, v *layout.Pane[A]) (bool, error) {
			if bound != nil && bytes.Compare(key, bound) > 0 {
				return false, nil
			}
			if taken == sliceChunk {
				bound = append([]byte{}, s.lastKey...)
				return false, nil
			}
			taken++
			s.lastKey = append(s.lastKey[:0], key...)
			return true, s.mergeValue(key, &v.Value, slice == start)
		})
		if err != nil {
			return 0, false, err
		}
		n += taken
	}
	values := s.merged.values
	slices.SortFunc(values, func(a, b mergedValue[A]) int { return bytes.Compare([]byte(a.key), []byte(b.key)) })
	if bound == nil {
		return n, true, nil
	}
	s.merged.values = slices.DeleteFunc(values, func(v mergedValue[A]) bool { return v.key > string(bound) })
	s.lastKey = append(s.lastKey[:0], bound...)
	return n, false, nil
}

func (s *sliced[K, M, A, R, P]) mergeValue(key []byte, v *A, first bool) error {
	if i, found := s.merged.index[string(key)]; found {
		s.agg.Merge(&s.merged.values[i].value, v)
		return nil
	}
	copied, err := s.values.Of(v) // a merge may change it
	if err != nil {
		return err
	}
	text := string(key)
	s.merged.index[text] = len(s.merged.values)
	s.merged.values = append(s.merged.values, mergedValue[A]{text, copied, first})
	return nil
}

// emit sends the results of the values that merge has merged. At the end of a bounded run it
// marks them as sent.
func (s *sliced[K, M, A, R, P]) emit(start int64, end bool) error {
	marked, some := s.ended.Next(start)
	some = some && marked == start
	for i := range s.merged.values {
		v := &s.merged.values[i]
		key := []byte(v.key)
		sent := false
		if some {
			var err error
			if _, sent, err = s.ended.Get(start, key); err != nil {
				return err
			}
		}
		if !sent {
			end := start + s.size
			if err := s.fire(output[A]{key: key, start: start, end: end, before: end, at: end - 1, value: &v.value, last: true}); err != nil {
				return err
			}
		}
		if err := s.settle(start, key, v.first, end); err != nil {
			return err
		}
	}
	return nil
}

// settle removes what no further window needs of a key; at the end of a bounded run it marks the
// result as sent.
func (s *sliced[K, M, A, R, P]) settle(start int64, key []byte, first, end bool) error {
	if !end {
		if !first {
			return nil
		}
		return s.agg.Forget(key, start, start+s.every)
	}
	v, _, err := s.ended.Upsert(start, key)
	if err == nil {
		v.Closed = true
	}
	return err
}

// End sends what is open before its time.
func (s *sliced[K, M, A, R, P]) End() (bool, error) {
	if s.Due() <= s.time.Now() {
		_, err := s.Advance()
		return true, err
	}
	for room := closeChunk; ; {
		start, found := s.first()
		start = max(start, s.endAt)
		if found { // windows between two slices that are far apart have none
			var slice int64
			slice, found = s.windows.Next(start)
			start = max(start, slice-s.size+s.every)
		}
		if !found {
			return false, nil
		}
		if room <= 0 {
			return true, nil
		}
		var after []byte
		if s.endPartly && start == s.endAt {
			after = s.lastKey
		}
		n, whole, err := s.merge(start, after)
		if err != nil {
			return false, err
		}
		if err := s.emit(start, true); err != nil {
			return false, err
		}
		room -= n + closeCost
		if s.endAt, s.endPartly = start, !whole; whole {
			s.endAt = start + s.every
		}
	}
}
