package kv

import (
	"errors"
	"reflect"
	"time"
)

// An UndoMode says what the views remember of the changes of a segment.
type UndoMode uint8

const (
	// undoOff: no segment has begun.
	undoOff UndoMode = iota
	// UndoNotes remembers only whether anything has changed.
	UndoNotes
	// UndoSaves saves what each entry was before its first change, so that the segment can
	// be taken back.
	UndoSaves
)

// An Undo takes back what a segment of work has changed in a State: that of one record, for
// example. Views save what an entry was when they first give it out to be changed: a copy of
// a value that is plain, else its encoding.
//
// A segment begins with [Undo.Begin] and ends with [Undo.Keep] or [Undo.Rewind]. Nothing may
// be prepared or evicted meanwhile.
type Undo struct {
	// Fits returns an error if a changelog doesn't take an entry; nil: all of them do. Check
	// calls it.
	Fits Log

	mode    UndoMode
	changed bool
	views   []view // that have saved something
}

var errSegment = errors.New("a segment of work hasn't ended: keep it or rewind it first")

// Begin starts a segment.
func (u *Undo) Begin(mode UndoMode) { u.mode, u.changed = mode, false }

// Changed reports whether the segment has changed anything.
func (u *Undo) Changed() bool { return u.changed }

// Check returns an [EntryError] if an entry that the segment has changed can't be written. It
// encodes each of them.
func (u *Undo) Check() error {
	for _, v := range u.views {
		if err := v.checkSaved(); err != nil {
			return err
		}
	}
	return nil
}

// Keep ends the segment, and keeps its changes.
func (u *Undo) Keep() {
	for _, v := range u.views {
		v.keep()
	}
	u.end()
}

// Rewind ends the segment, and takes back its changes. If it fails, or if they were only
// noted, the State can only be discarded.
func (u *Undo) Rewind() error {
	for _, v := range u.views {
		if err := v.rewind(); err != nil {
			return err
		}
	}
	u.end()
	return nil
}

func (u *Undo) end() {
	clear(u.views)
	u.views, u.mode = u.views[:0], undoOff
}

// IsPlain reports whether all views have values that are plain: a copy of one shares no
// memory with it that can change. See [Undo].
func (s *State) IsPlain() bool {
	for _, v := range s.views {
		if !v.isPlain() {
			return false
		}
	}
	return true
}

// plainType reports whether values of a type are plain. Strings and times can't change.
func plainType(t reflect.Type) bool {
	if t == reflect.TypeFor[time.Time]() {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return plainType(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !plainType(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return t.Kind() <= reflect.Complex128 || t.Kind() == reflect.String
}
