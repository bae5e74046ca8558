package httpapi

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/stream"
)

// pageBytes bounds a page, besides its limit. A page has at least one entry.
const pageBytes = 1 << 20

// answerRange responds with a page of a range. Each task gives its first entries; the page
// has the first of them all.
func (s *server) answerRange(w http.ResponseWriter, r *http.Request, q query, selected *layout.Selection) error {
	limit, err := q.limit()
	if err != nil {
		return err
	}
	tasks := q.store.all()
	if selected.ByKey {
		tasks = q.store.tasks(selected.Key)
	}
	part, err := s.gather(r, q.store, tasks, limit, func(task int32) (Part, error) {
		return s.scan(q.store, task, selected, limit)
	})
	if err != nil {
		return err
	}
	if forwarded(r) {
		return writePart(w, part)
	}
	if len(part.Pairs) == 0 && selected.ByKey && !q.Has("from64") {
		return q.noKey(selected)
	}
	page, err := q.page(part)
	if err != nil {
		return err
	}
	if last, more := part.horizon(); more {
		page.Next = q.next(selected, last, limit)
	}
	return writeJSON(w, http.StatusOK, page)
}

// scan copies the first of the selected entries of one task.
func (s *server) scan(st *store, task int32, selected *layout.Selection, limit int) (p Part, err error) {
	r := s.cfg.Readers.Of(st.stage.Name, task)
	if r == nil {
		return p, s.notOpen(st.stage, task)
	}
	size := 0
	forms := s.cfg.Readers.Forms(st.stage.Name, task, st.number)
	var failed error
	err = selected.Scan(r, st.number, func(key, value []byte) bool {
		if p.More = full(p.Pairs, key, size, limit); p.More {
			return false
		}
		if value, failed = st.Plain(forms, key, value); failed != nil {
			return false
		}
		size += len(key) + len(value)
		p.Pairs = append(p.Pairs, Pair{bytes.Clone(key), bytes.Clone(value), task})
		return true
	})
	if errors.Is(err, stream.ErrClosed) {
		err = s.notOpen(st.stage, task)
	}
	return p, cmp.Or(err, failed)
}

func (q query) page(part Part) (Page, error) {
	page := Page{Store: q.store.name, Entries: make([]Entry, len(part.Pairs))}
	for i, p := range part.Pairs {
		var err error
		if page.Entries[i], err = q.store.Entry(p.Key, p.Value); err != nil {
			return page, err
		}
	}
	return page, nil
}

// next is the path of the page that starts after a stored key.
func (q query) next(selected *layout.Selection, last []byte, limit int) string {
	v := url.Values{"from64": {encode64(selected.After(last))}, "limit": {strconv.Itoa(limit)}}
	if selected.To != nil {
		v.Set("to64", encode64(selected.To))
	}
	if selected.ByKey {
		v.Set("key64", encode64(selected.Key))
	}
	return "/api/v1/stores/" + url.PathEscape(q.store.name) + "?" + v.Encode()
}
