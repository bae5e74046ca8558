package kv

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// Errors to test with [errors.Is]. Besides, use after Close is [stream.ErrClosed], and a
// directory that another process has open is [stream.ErrLocked].
var (
	// ErrCorrupt: a database can't be read as it was written. It is wrapped in a
	// [DatabaseError], and is a [stream.ErrCorrupt], too. The remedy is to remove the
	// database, which is then restored from the changelog.
	ErrCorrupt = fmt.Errorf("state is %w", stream.ErrCorrupt)
	// ErrMemoryBudget: an engine that keeps its state in memory needs more than its
	// limit.
	ErrMemoryBudget = errors.New("the state is larger than its memory limit")
)

// A DatabaseError is the failure of a database: of its disk, or of the data on it. The
// record that was being processed isn't to blame.
type DatabaseError struct {
	Dir   string
	Doing string // opening, reading, writing, loading, closing
	Err   error
}

func (e *DatabaseError) Error() string {
	return fmt.Sprintf("%s the state in %s: %v", e.Doing, e.Dir, e.Err)
}

func (e *DatabaseError) Unwrap() error { return e.Err }

// An Engine opens databases. A process has one; several goroutines use it at once.
type Engine interface {
	Name() string
	// Durable reports whether a database still has its entries when it is opened again.
	// If not, it opens empty and is restored from the changelog in full.
	Durable() bool
	// Open opens the database in a directory of its own, and creates both if they don't
	// exist. It adds the stores that the database doesn't have, empty, and drops those
	// that aren't named. A database without a meta record opens empty, as the offsets of
	// its contents are unknown.
	Open(dir string, stores []string) (Database, error)
	// Remove removes a closed database. If the process is killed meanwhile, the next Open
	// finds the whole database, or none.
	Remove(dir string) error
	// Close releases what databases share. They must be closed before.
	Close() error
}

// A Database has the bytes of all stores of one task, and the task's meta record. It
// belongs to one goroutine. A store is identified by its index among the names that
// were passed to [Engine.Open].
type Database interface {
	// Get returns the value of a key, valid until the next call.
	Get(store int, key []byte) (value []byte, found bool, err error)
	// Iterate goes over [from, to) in the order of the keys; a nil to is the end.
	// The iterator must be closed before the next Write.
	Iterate(store int, from, to []byte) Iterator
	// NewBatch returns an empty batch for this database, which may be reused.
	NewBatch() *Batch
	// Write applies a batch: all of it, or nothing if the process is killed. It retains
	// nothing of the batch. A kill may lose writes from some point on, but only together
	// with everything after that point: see Flush.
	Write(b *Batch) error
	// Meta returns the meta record of the last write that survived; nil if there is none.
	Meta() ([]byte, error)
	// Flush starts to make durable all writes before it, without waiting: a later Write
	// returns the error if that fails. A database flushes by itself when much is
	// unflushed, but not when a little is for long.
	Flush() error
	// Stats is cheap enough for each commit.
	Stats() Stats
	// Properties returns the engine's own figures of a store, for monitoring, if it has
	// any. It is meant to be called every few seconds.
	Properties(store int) []metrics.Property
	// Reader returns a reader of the database for other goroutines.
	Reader() Reader
	// Close flushes and closes the database and its open iterators. It waits for running
	// calls of readers.
	Close() error
}

// A Loader is a [Database] that can load many entries of a store, in the order of their
// keys, more cheaply than by batches.
type Loader interface {
	// Load writes the entries that fill puts: each key once, ascending; a nil value
	// deletes the key. If Load returns true all of them are written and durable, without
	// a meta record; after an error none is. False means that batches are better now, and
	// that fill wasn't called.
	Load(store int, fill func(put Put) error) (bool, error)
}

// Put writes a key and its value, and retains neither.
type Put = func(key, value []byte) error

// An Iterator goes over the entries of a store. Key and Value are valid until the
// next call of Next or Close.
type Iterator interface {
	Next() bool
	Key() []byte
	Value() []byte
	// Err returns the error that ended the iteration; nil at the end.
	Err() error
	Close() error
}

// Stats is the size of a database or store.
type Stats struct {
	DiskBytes   int64 // of files
	MemoryBytes int64 // written and not flushed; everything, if the engine has no disk
	Keys        int64 // an estimate
}

// Add adds the figures of another database.
func (s *Stats) Add(o Stats) {
	s.DiskBytes += o.DiskBytes
	s.MemoryBytes += o.MemoryBytes
	s.Keys += o.Keys
}
