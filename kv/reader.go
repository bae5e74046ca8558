package kv

// A Reader reads what was written to a [Database]: never what is only in the cache
// before it, so that of a task which has been restored it sees what is committed and
// nothing else.
//
// Unlike the database it may be used by any number of goroutines, beside the one
// that writes. It can't outlive the database and needn't be closed: calls after the
// database's Close return [stream.ErrClosed], and Close waits for those before. Two
// readers of a database are equal.
type Reader interface {
	// Get appends the value of a key to dst.
	Get(store int, key, dst []byte) (value []byte, found bool, err error)
	// Range calls f for the entries of [from, to) in the order of the keys, as they
	// are at one moment, until it returns false; a nil to is the end. Key and value
	// are valid during the call. A Write or Close may have to wait until it is over: f
	// copies and counts, and never waits for anybody.
	Range(store int, from, to []byte, f func(key, value []byte) bool) error
	// Stats says how large a store is.
	Stats(store int) (Stats, error)
}
