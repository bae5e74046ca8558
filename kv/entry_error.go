package kv

import (
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// An EntryError is the failure of one entry of a store: its value can't be encoded or
// decoded, or is too large for the changelog. Other entries aren't concerned.
type EntryError struct {
	Store    string
	Number   int    // of the store in its State
	Key      []byte // as views have it
	Windowed bool
	Start    int64 // of the window, if Windowed; in ms since 1970
	// Stored means that the value is in the database, and can't be decoded.
	Stored bool
	// Limit is the most bytes that a key and value of the changelog may have, if the entry
	// is too large.
	Limit int64
	Err   error
}

func (e *EntryError) Error() string {
	what := "can't be written"
	if e.Stored {
		what = "can't be decoded"
	}
	return fmt.Sprintf("store %s: the value of %s %s: %v", e.Store, e.Place(), what, e.Err)
}

// Place names the entry in its store.
func (e *EntryError) Place() string { return Place(e.Key, e.Windowed, e.Start) }

func (e *EntryError) Unwrap() error { return e.Err }

// Place names a key, and its window if it is in one, for messages.
func Place(key []byte, windowed bool, start int64) string {
	if !windowed {
		return fmt.Sprintf("key %.100q", key)
	}
	return fmt.Sprintf("key %.100q in the window of %s", key, time.UnixMilli(start).UTC().Format(time.RFC3339Nano))
}

// entryError is the failure of an entry, given the prefix and the rest of its key in the
// database.
func (s *store[V]) entryError(prefix, key []byte, err error) *EntryError {
	return s.state.entryError(s.number, s.windowed, prefix, key, err)
}

func (s *State) entryError(number int, windowed bool, prefix, key []byte, err error) *EntryError {
	e := &EntryError{Store: s.stores[number], Number: number, Key: append([]byte{}, key...), Windowed: windowed, Err: err}
	if windowed {
		e.Start = parseStart(prefix)
	}
	if large := (*stream.RecordTooLargeError)(nil); errors.As(err, &large) && !large.Compressed {
		e.Limit = large.Limit - (large.Size - int64(len(prefix)+len(key)+large.ValueSize))
	}
	return e
}

// encoding is the entry that is being encoded.
type encoding struct {
	store       int
	windowed    bool
	prefix, key []byte
}

// EncodingError is an error that names the entry that [State.Prepare] was encoding when the
// encoder panicked.
func (s *State) EncodingError(err error) error {
	at := s.encoding
	if at.key == nil && at.prefix == nil {
		return err
	}
	return s.entryError(at.store, at.windowed, at.prefix, at.key, err)
}

// SetLimit sets the most bytes that the key and the value of an entry may have, which Check
// compares; 0: there is no limit.
func (s *State) SetLimit(store int, limit int64) {
	if s.limits == nil {
		s.limits = make([]int64, len(s.stores))
	}
	s.limits[store] = limit
}

// limit returns the limit of a store; 0 if it has none.
func (s *State) limit(store int) int64 {
	if store >= len(s.limits) {
		return 0
	}
	return s.limits[store]
}

// check returns an EntryError if a value can't be written. It costs encoding the value.
func (s *store[V]) check(prefix, key []byte, v *V) (err error) {
	if s.buf, err = s.append(s.buf[:0], v); err != nil {
		return s.entryError(prefix, key, err)
	}
	size := int64(len(prefix) + len(key) + len(s.buf))
	limit := s.state.limit(s.number)
	if limit == 0 || size <= limit {
		return nil
	}
	e := s.entryError(prefix, key, fmt.Errorf("key and value have %d bytes; the changelog takes %d", size, limit))
	e.Limit = limit
	return e
}

// Check returns an [EntryError] if a value can't be written under a key. It costs encoding
// the value.
func (c *Values[V]) Check(key []byte, v *V) error { return c.store.check(c.cache.prefix, key, v) }

// Check returns an [EntryError] if a value can't be written under a window's key. It costs
// encoding the value.
func (w *Windows[V]) Check(start int64, key []byte, v *V) error {
	var prefix [8]byte
	return w.store.check(appendStart(prefix[:0], start), key, v)
}
