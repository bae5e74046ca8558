package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gretestream/grete/kv"
)

// Headers of the answer for a key: the serdes of the store, by their names in the plan,
// and the task that has the key.
const (
	KeyHeader   = "Grete-Key"
	ValueHeader = "Grete-Value"
	TaskHeader  = "Grete-Task"
)

// Encoded is the media type of a value as it is encoded. Who accepts it gets that
// rather than JSON.
const Encoded = "application/octet-stream"

// storeKey answers for a key in the path.
func (s *server) storeKey(w http.ResponseWriter, r *http.Request) error {
	q, err := s.parse(r, "window", "limit", "from64")
	if err != nil {
		return err
	}
	key, err := encodeKey(q.store.Key, r.PathValue("key"))
	if err != nil {
		return badRequest(err)
	}
	return s.answerKey(w, r, q, key)
}

// store answers for a key in the query, or a range.
func (s *server) store(w http.ResponseWriter, r *http.Request) error {
	q, err := s.parse(r, "key", "key64", "window", "from", "to", "from64", "to64", "limit")
	if err != nil {
		return err
	}
	key, given, err := q.key("key")
	if err != nil {
		return err
	}
	if given {
		return s.answerKey(w, r, q, key)
	}
	return s.answerRange(w, r, q)
}

// answerKey answers for one key: with its value, or, in a store of windows where none
// is said, with those of all windows.
func (s *server) answerKey(w http.ResponseWriter, r *http.Request, q query, key []byte) error {
	start, given, err := q.window()
	if err != nil {
		return err
	}
	stored := key
	if q.store.windowed() {
		if !given {
			return s.answerWindows(w, r, q, key)
		}
		stored = kv.WindowKey(start, key)
	}
	found, err := s.get(r, q.store, key, stored)
	switch {
	case err != nil:
		return err
	case found.answer != nil:
		return found.answer.passOn(w)
	}
	w.Header().Set(KeyHeader, q.store.Key)
	w.Header().Set(ValueHeader, q.store.Value)
	if found.value == nil {
		return s.noKey(q.store, key)
	}
	if strings.Contains(r.Header.Get("Accept"), Encoded) {
		return s.answerEncoded(w, q.store, key, found)
	}
	e, err := q.store.entry(stored, found.value)
	if err != nil {
		return err
	}
	setTask(w, found.task)
	return writeJSON(w, http.StatusOK, Value{Store: q.store.name, Task: found.task, Entry: e})
}

// noKey says that a store doesn't have a key.
func (s *server) noKey(st *store, key []byte) error {
	shown, _ := asJSON(st.Key, key)
	where := "store"
	if st.windowed() {
		where = "window of store"
	}
	return &failure{status: http.StatusNotFound, Problem: Problem{
		Message: fmt.Sprintf("there is no key %s in this %s %q", shown, where, st.name), Missing: "key"}}
}

// answerEncoded answers with a value as it is encoded.
func (s *server) answerEncoded(w http.ResponseWriter, st *store, key []byte, found hit) error {
	value := found.value
	if st.windowed() {
		var closed bool
		var err error
		if value, closed, err = pane(value); err != nil {
			return err
		}
		if closed {
			return s.noKey(st, key)
		}
	}
	setTask(w, found.task)
	w.Header().Set("Content-Type", Encoded)
	// Whoever asked may be gone; there is nobody to tell.
	_, _ = w.Write(value)
	return nil
}

func setTask(w http.ResponseWriter, task int32) {
	w.Header().Set(TaskHeader, strconv.Itoa(int(task)))
}
