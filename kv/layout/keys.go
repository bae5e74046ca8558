package layout

import (
	"bytes"
	"encoding/binary"
	"errors"
)

var errKey = errors.New("a stored key is malformed")

// AppendKey appends a key with an end, so that more may follow it: a zero byte is
// followed by a one, and the end is two zeros. Encoded keys have the order of the
// keys, and none is a prefix of another.
func AppendKey(dst, key []byte) []byte {
	for {
		i := bytes.IndexByte(key, 0)
		if i < 0 {
			return append(append(dst, key...), 0, 0)
		}
		dst = append(append(dst, key[:i]...), 0, 1)
		key = key[i+1:]
	}
}

// SplitKey appends the key that AppendKey encoded to dst, and returns what follows
// its end.
func SplitKey(dst, stored []byte) (key, rest []byte, err error) {
	for {
		i := bytes.IndexByte(stored, 0)
		if i < 0 || i+1 == len(stored) || stored[i+1] > 1 {
			return nil, nil, errKey
		}
		dst = append(dst, stored[:i]...)
		end := stored[i+1] == 0
		stored = stored[i+2:]
		if end {
			return dst, stored, nil
		}
		dst = append(dst, 0)
	}
}

// appendTime appends a time so that it sorts as the number does.
func appendTime(dst []byte, ms int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(ms)^1<<63)
}

// splitTime returns a time and what follows it.
func splitTime(stored []byte) (ms int64, rest []byte, err error) {
	if len(stored) < 8 {
		return 0, nil, errKey
	}
	return int64(binary.BigEndian.Uint64(stored) ^ 1<<63), stored[8:], nil
}

// splitSequence returns a sequence number that is the rest of a stored key.
func splitSequence(stored []byte) (uint64, error) {
	if len(stored) != 8 {
		return 0, errKey
	}
	return binary.BigEndian.Uint64(stored), nil
}
