package meta

// Key is the key of meta records in a changelog. It is also a reserved prefix: the key of
// an entry that begins with it has one more byte behind the prefix, see [AppendKey].
const Key = "\x00grete.meta\x00"

// escape follows the reserved prefix in the changelog key of an entry.
const escape = 0

// IsKey reports whether a changelog's key is that of meta records, which aren't entries of
// a store.
func IsKey(key []byte) bool { return string(key) == Key }

// Reserved reports whether the changelog has an entry under another key than its store.
func Reserved(key []byte) bool { return len(key) >= len(Key) && string(key[:len(Key)]) == Key }

// AppendKey appends the changelog key of an entry whose key in the store is reserved. It
// keeps the order of keys.
func AppendKey(dst, key []byte) []byte {
	dst = append(dst, Key...)
	dst = append(dst, escape)
	return append(dst, key[len(Key):]...)
}

// StoreKey returns the key in the store of an entry of the changelog. If it differs, it is
// a new slice. Records of version 1 come from programs that wrote all keys as they are.
func (m *Record) StoreKey(key []byte) []byte {
	if m != nil && m.Version < escapedVersion {
		return key
	}
	return StoreKey(key)
}

// StoreKey is [Record.StoreKey] for entries that the present version has written. Without
// the escape, a key was written by version 1.
func StoreKey(key []byte) []byte {
	if !Reserved(key) || len(key) == len(Key) || key[len(Key)] != escape {
		return key
	}
	return append([]byte(Key), key[len(Key)+1:]...)
}

// WrittenAsIs reports whether version 1 may have written an entry with a reserved key under
// that key, which no entry has any more. Its deletion must delete that one, too.
func WrittenAsIs(key []byte) bool { return len(key) > len(Key) && key[len(Key)] != escape }
