package kv

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// Errors that a caller tells apart with [errors.Is]. Besides these, use after
// Close is [stream.ErrClosed], and a directory that another process has open is
// [stream.ErrLocked].
var (
	// ErrCorrupt: a database can't be read as it was written. It comes in a
	// [DatabaseError]. What helps is to remove the database: it is restored from
	// the changelog. It is a [stream.ErrCorrupt] too.
	ErrCorrupt = fmt.Errorf("state is %w", stream.ErrCorrupt)
	// ErrMemoryBudget: an engine that keeps its state in memory would need more
	// of it than it was given.
	ErrMemoryBudget = errors.New("state is larger than the memory it was given")
)

// A DatabaseError is the failure of a database, by its disk or by what is on it.
// The record that was being processed isn't to blame.
type DatabaseError struct {
	Dir   string
	Doing string // opening, reading, writing, loading, closing
	Err   error
}

func (e *DatabaseError) Error() string {
	return fmt.Sprintf("%s the state in %s: %v", e.Doing, e.Dir, e.Err)
}

func (e *DatabaseError) Unwrap() error { return e.Err }

// An Engine opens databases. There is one for the process; it is used by several
// goroutines at once.
type Engine interface {
	Name() string
	// Durable tells whether a database that is opened again holds what it held.
	// If it doesn't, it opens empty and is restored from the changelog in full.
	Durable() bool
	// Open opens the database in a directory that is its own, and makes both if
	// they don't exist. Stores that weren't there before are added, empty; stores
	// that are no longer named are dropped. A database without a meta record
	// opens empty: nobody knows what its contents stand for.
	Open(dir string, stores []string) (Database, error)
	// Remove removes a database that is closed. If it is killed meanwhile, the next
	// Open finds the whole database, or none.
	Remove(dir string) error
	// Close releases what databases share, after they are closed.
	Close() error
}

// A Database holds the bytes of all stores of one task, and the task's meta
// record. It belongs to one goroutine. Stores are told by their index in the
// names that were given to [Engine.Open].
type Database interface {
	// Get returns the value of a key, valid until the next call.
	Get(store int, key []byte) (value []byte, found bool, err error)
	// Iterate goes over [from, to) in the order of the keys; a nil to is the end.
	// The iterator must be closed before the next Write.
	Iterate(store int, from, to []byte) Iterator
	// NewBatch returns an empty batch for this database, to fill and to use again.
	NewBatch() *Batch
	// Write applies a batch, all of it or, if the process is killed, nothing. It
	// retains nothing of the batch. What was written may be lost by a kill from
	// some point on, but only together with everything after that point: see
	// Flush.
	Write(b *Batch) error
	// Meta returns the meta record of the last write that survived; nil if there
	// is none.
	Meta() ([]byte, error)
	// Flush starts to make durable what has been written up to now, and doesn't
	// wait for it: a failure is told by a later Write. A database does so by
	// itself when much is unflushed, but not when little is for long.
	Flush() error
	// Stats is cheap enough to be called at each commit.
	Stats() Stats
	// Properties are the engine's own figures of a store, for whoever watches it;
	// none if the engine has none. It is for every few seconds.
	Properties(store int) []metrics.Property
	// Reader returns what others may read the database with.
	Reader() Reader
	// Close flushes and closes, iterators that are still open included. It waits for
	// the calls of readers that are under way.
	Close() error
}

// A Loader is a [Database] that takes in many entries of a store, in the order of
// their keys, for less than they cost as batches.
type Loader interface {
	// Load is Write for what fill puts: each key once, ascending; a nil value
	// removes the key. All of it is there and durable if Load returns true, without a
	// meta record that says so; and nothing of it after an error. False: batches
	// serve better now, and fill wasn't called.
	Load(store int, fill func(put Put) error) (bool, error)
}

// Put takes a key and its value, and keeps neither.
type Put = func(key, value []byte) error

// An Iterator goes over the entries of a store. Key and Value are valid until the
// next call of Next or Close.
type Iterator interface {
	Next() bool
	Key() []byte
	Value() []byte
	// Err tells why Next returned false; nil at the end.
	Err() error
	Close() error
}

// Stats says how large a database is.
type Stats struct {
	DiskBytes   int64 // files, without what is only in memory
	MemoryBytes int64 // written but not yet flushed; all of it where there is no disk
	Keys        int64 // an estimate
}

// Add adds the figures of another database.
func (s *Stats) Add(o Stats) {
	s.DiskBytes += o.DiskBytes
	s.MemoryBytes += o.MemoryBytes
	s.Keys += o.Keys
}
