package kv

import (
	"fmt"
	"time"
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
	Err    error
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
	return e
}

// encoding is the entry that is being encoded.
type encoding struct {
	store       int
	windowed    bool
	prefix, key []byte
}

// EncodingError is an error that names the entry that [State.Prepare] or [Undo.Check] was
// encoding when the encoder panicked.
func (s *State) EncodingError(err error) error {
	at := s.encoding
	s.encoding = encoding{}
	if at.key == nil && at.prefix == nil {
		return err
	}
	return s.entryError(at.store, at.windowed, at.prefix, at.key, err)
}

// check returns an EntryError if a value can't be written. It costs encoding the value.
func (s *store[V]) check(prefix, key []byte, v *V) (err error) {
	s.state.encoding = encoding{s.number, s.windowed, prefix, key}
	s.buf, err = s.append(s.buf[:0], v)
	s.state.encoding = encoding{}
	if err != nil {
		return s.entryError(prefix, key, err)
	}
	if s.state.Undo.Fits == nil {
		return nil
	}
	s.keyBuf = append(append(s.keyBuf[:0], prefix...), key...)
	if err := s.state.Undo.Fits(s.number, s.keyBuf, notNil(s.buf)); err != nil {
		return s.refused(prefix, key, err)
	}
	return nil
}

// Check returns an [EntryError] if a value can't be written under a window's key. It costs
// encoding the value.
func (w *Windows[V]) Check(start int64, key []byte, v *V) error {
	var prefix [8]byte
	return w.store.check(appendStart(prefix[:0], start), key, v)
}
