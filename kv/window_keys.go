package kv

import (
	"cmp"
	"encoding/binary"
	"errors"
)

var errNoWindow = errors.New("a stored key is shorter than the start of a window")

// storedStarts returns the starts of the windows in a database. It finds each with one
// seek.
func storedStarts(db Database, store int) (starts []int64, err error) {
	var from []byte
	for {
		it := db.Iterate(store, from, nil)
		found := it.Next()
		if found && len(it.Key()) < 8 {
			return nil, cmp.Or(it.Close(), errNoWindow)
		}
		if found {
			start := parseStart(it.Key())
			starts = append(starts, start)
			from = After(appendStart(nil, start))
		}
		err := cmp.Or(it.Err(), it.Close())
		if err != nil || !found || from == nil {
			return starts, err
		}
	}
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
