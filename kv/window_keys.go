package kv

import (
	"cmp"
	"encoding/binary"
	"errors"
)

var errNoWindow = errors.New("a stored key is shorter than the start of a window")

// seekAfter is how many entries of a window are stepped over before a seek to the next
// window costs less.
const seekAfter = 16

// storedStarts returns the starts of the windows in a database.
func storedStarts(db Database, store int) (starts []int64, err error) {
	for from, more := []byte(nil), true; more && err == nil; {
		starts, more, err = readStarts(db.Iterate(store, from, nil), starts)
		if more {
			from = After(appendStart(nil, starts[len(starts)-1]))
			more = from != nil
		}
	}
	return starts, err
}

// readStarts adds the starts of the windows that an iterator comes to, and closes it. It
// ends in a window that has more entries than are worth stepping over; more is false at the
// end of the store.
func readStarts(it Iterator, starts []int64) (_ []int64, more bool, err error) {
	defer func() { err = cmp.Or(err, it.Err(), it.Close()) }()
	for same := 0; it.Next(); same++ {
		if len(it.Key()) < 8 {
			return starts, false, errNoWindow
		}
		start := parseStart(it.Key())
		if n := len(starts); n == 0 || starts[n-1] != start {
			starts, same = append(starts, start), 0
		}
		if same == seekAfter {
			return starts, true, nil
		}
	}
	return starts, false, nil
}

func appendStart(dst []byte, start int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(start)^1<<63)
}

// WindowKey returns the key in the database of a window's key.
func WindowKey(start int64, key []byte) []byte {
	return append(appendStart(make([]byte, 0, 8+len(key)), start), key...)
}

// SplitWindow returns the window's start in a key of the database, and the key, which
// aliases it.
func SplitWindow(stored []byte) (start int64, key []byte, err error) {
	if len(stored) < 8 {
		return 0, nil, errNoWindow
	}
	return parseStart(stored), stored[8:], nil
}

// After returns the first key after all those with a prefix; nil if there is none.
func After(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			n := append([]byte(nil), prefix[:i+1]...)
			n[i]++
			return n
		}
	}
	return nil
}

func parseStart(key []byte) int64 { return int64(binary.BigEndian.Uint64(key) ^ 1<<63) }
