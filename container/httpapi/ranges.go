package httpapi

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gretestream/grete/stream"
)

// pageBytes bounds a page, besides its limit: it has one entry at least.
const pageBytes = 1 << 20

// A pair is an entry as it is in a database.
type pair struct{ key, value []byte }

// answerRange answers with a page of a range. Each task gives its first entries; the
// page is what of them is first of all.
func (s *server) answerRange(w http.ResponseWriter, q query) error {
	from, to, limit, err := q.bounds()
	if err != nil {
		return err
	}
	var all []pair
	var horizon []byte // up to this key, no task has more than it gave; nil: all is here
	for t := range q.store.stage.Tasks {
		pairs, more, err := s.scan(q.store, t, from, to, limit)
		if err != nil {
			return err
		}
		if last := len(pairs) - 1; more && (horizon == nil || bytes.Compare(pairs[last].key, horizon) < 0) {
			horizon = pairs[last].key
		}
		all = append(all, pairs...)
	}
	slices.SortFunc(all, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
	page, err := q.page(cut(all, horizon, limit))
	if err != nil {
		return err
	}
	if n := len(page.Entries); n < len(all) || horizon != nil {
		page.Next = q.next(append(bytes.Clone(all[n-1].key), 0), to, limit)
	}
	return writeJSON(w, http.StatusOK, page)
}

// scan copies the first entries of a range of one task, and tells whether there are
// more.
func (s *server) scan(st *store, task int32, from, to []byte, limit int) (pairs []pair, more bool, err error) {
	r := s.cfg.Readers.Of(st.stage.Name, task)
	if r == nil {
		return nil, false, s.notOpen(st.stage, task)
	}
	size := 0
	err = r.Range(st.number, from, to, func(key, value []byte) bool {
		if more = len(pairs) == limit || size > pageBytes; more {
			return false
		}
		size += len(key) + len(value)
		pairs = append(pairs, pair{bytes.Clone(key), bytes.Clone(value)})
		return true
	})
	if errors.Is(err, stream.ErrClosed) {
		err = s.notOpen(st.stage, task)
	}
	return pairs, more, err
}

// cut leaves of sorted pairs what a page has room for.
func cut(all []pair, horizon []byte, limit int) []pair {
	size := 0
	for i, p := range all {
		if i == limit || size > pageBytes || horizon != nil && bytes.Compare(p.key, horizon) > 0 {
			return all[:i]
		}
		size += len(p.key) + len(p.value)
	}
	return all
}

func (q query) page(pairs []pair) (Page, error) {
	page := Page{Store: q.store.name, Entries: make([]Entry, len(pairs))}
	for i, p := range pairs {
		var err error
		if page.Entries[i], err = q.store.entry(p.key, p.value); err != nil {
			return page, err
		}
	}
	return page, nil
}

// next is where the page is that begins at a key of the databases.
func (q query) next(from, to []byte, limit int) string {
	v := url.Values{"from64": {encode64(from)}, "limit": {strconv.Itoa(limit)}}
	if to != nil {
		v.Set("to64", encode64(to))
	}
	return "/api/v1/stores/" + url.PathEscape(q.store.name) + "?" + v.Encode()
}
