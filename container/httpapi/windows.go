package httpapi

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/gretestream/grete/kv"
)

// answerWindows answers with the values of a key in all windows, the first ones
// first.
func (s *server) answerWindows(w http.ResponseWriter, q query, key []byte) error {
	from, to, limit, err := q.bounds()
	if err != nil {
		return err
	}
	var all []pair
	for _, t := range q.store.tasks(key) {
		pairs, err := s.inWindows(q.store, t, key, from, to, limit+1)
		if err != nil {
			return err
		}
		all = append(all, pairs...)
	}
	if len(all) == 0 {
		return s.noKey(q.store, key)
	}
	slices.SortFunc(all, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
	kept := cut(all, nil, limit)
	page, err := q.page(kept)
	if err != nil {
		return err
	}
	if n := len(kept); n < len(all) {
		page.Next = q.next(all[n].key[:len(all[n].key)-len(key)], to, limit) + "&key64=" + encode64(key)
	}
	return writeJSON(w, http.StatusOK, page)
}

// inWindows looks for a key in the windows of one task, with one look for each to find
// them.
func (s *server) inWindows(st *store, task int32, key, from, to []byte, limit int) (found []pair, err error) {
	for len(found) < limit {
		first, _, err := s.scan(st, task, from, to, 1)
		if err != nil || len(first) == 0 {
			return found, err
		}
		start, _, err := kv.SplitWindow(first[0].key)
		if err != nil {
			return nil, err
		}
		stored := kv.WindowKey(start, key)
		value, err := s.getFrom(st, task, stored)
		if err != nil {
			return nil, err
		}
		if value != nil {
			found = append(found, pair{stored, value})
		}
		if from = kv.After(kv.WindowKey(start, nil)); from == nil {
			break
		}
	}
	return found, nil
}
