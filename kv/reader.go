package kv

// A Reader reads a [Database] without the cache before it. Once a task is restored, it
// sees exactly what is committed.
//
// Unlike the database, any number of goroutines may use it while another one writes. It
// needn't be closed: calls after the database's Close return [stream.ErrClosed], and
// Close waits for the calls before. Two readers of a database are equal.
type Reader interface {
	// Get appends the value of a key to dst.
	Get(store int, key, dst []byte) (value []byte, found bool, err error)
	// Range calls f for the entries of [from, to) in the order of the keys, as they are
	// at one moment, until it returns false; a nil to is the end. Key and value are valid
	// during the call. A Write or Close may wait for Range, so f must not block.
	Range(store int, from, to []byte, f func(key, value []byte) bool) error
	// Stats returns the size of a store.
	Stats(store int) (Stats, error)
}

// Reader returns a reader of the database: it sees what is committed, and no record of a
// replay that isn't written yet.
func (s *State) Reader() Reader { return s.db.Reader() }
