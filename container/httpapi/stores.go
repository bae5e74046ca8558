package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/stream/serde"
)

// Headers of the response for a key: the serdes of the store, by their names in the plan,
// and the task that has the key.
const (
	KeyHeader   = "Grete-Key"
	ValueHeader = "Grete-Value"
	TaskHeader  = "Grete-Task"
)

// Encoded is the media type of an encoded value. A client that accepts it gets that instead
// of JSON.
const Encoded = "application/octet-stream"

// storeKey serves a key in the path.
func (s *server) storeKey(w http.ResponseWriter, r *http.Request) error {
	q, err := s.parse(r, "limit", "from64", "to64")
	if err != nil {
		return err
	}
	key, err := q.store.Key.FromText(r.PathValue("key"))
	if err != nil {
		return badRequest(err)
	}
	return s.answer(w, r, q, key, true)
}

// store serves a key in the query, or a range.
func (s *server) store(w http.ResponseWriter, r *http.Request) error {
	q, err := s.parse(r, "key", "key64", "from", "to", "from64", "to64", "limit")
	if err != nil {
		return err
	}
	key, given, err := q.key("key")
	if err != nil {
		return err
	}
	return s.answer(w, r, q, key, given)
}

// answer serves a key, if one is given, or a range.
func (s *server) answer(w http.ResponseWriter, r *http.Request, q query, key []byte, given bool) error {
	selected, err := q.selection(key, given)
	switch {
	case err != nil:
		return err
	case selected.Exact:
		return s.answerEntry(w, r, q, selected)
	}
	return s.answerRange(w, r, q, selected)
}

// answerEntry serves one entry.
func (s *server) answerEntry(w http.ResponseWriter, r *http.Request, q query, one *layout.Selection) error {
	found, err := s.get(r, q.store, one)
	switch {
	case err != nil:
		return err
	case found.answer != nil:
		return found.answer.passOn(w)
	}
	w.Header().Set(KeyHeader, q.store.spec.Key)
	w.Header().Set(ValueHeader, q.store.spec.Value)
	if found.value == nil {
		return q.noKey(one)
	}
	if strings.Contains(r.Header.Get("Accept"), Encoded) {
		return q.answerEncoded(w, one, found)
	}
	e, err := q.store.Entry(one.From, found.value)
	if err != nil {
		return err
	}
	setTask(w, found.task)
	return writeJSON(w, http.StatusOK, Value{Store: q.store.name, Task: found.task, Entry: e})
}

// noKey is the failure to find any entry of a key.
func (q query) noKey(of *layout.Selection) error {
	shown, _ := serde.Show(q.store.Key, of.Key)
	message := fmt.Sprintf("store %q has no key %s", q.store.name, shown)
	for _, name := range q.store.Args() {
		if q.Has(name) {
			message += fmt.Sprintf(" with %s=%s", name, q.Get(name))
		}
	}
	return &failure{status: http.StatusNotFound, Problem: Problem{Message: message, Missing: "key"}}
}

// answerEncoded responds with an encoded value.
func (q query) answerEncoded(w http.ResponseWriter, one *layout.Selection, found hit) error {
	value, ok, err := q.store.Layout.Value(one.From, found.value)
	switch {
	case err != nil:
		return err
	case !ok:
		return q.noKey(one)
	}
	setTask(w, found.task)
	w.Header().Set("Content-Type", Encoded)
	// If this fails, the client is gone.
	_, _ = w.Write(value)
	return nil
}

func setTask(w http.ResponseWriter, task int32) {
	w.Header().Set(TaskHeader, strconv.Itoa(int(task)))
}
