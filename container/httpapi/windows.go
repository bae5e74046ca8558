package httpapi

import (
	"net/http"

	"github.com/gretestream/grete/kv"
)

// answerWindows answers with the values of a key in all windows, the first ones
// first.
func (s *server) answerWindows(w http.ResponseWriter, r *http.Request, q query, key []byte) error {
	from, to, limit, err := q.bounds()
	if err != nil {
		return err
	}
	part, err := s.gather(r, q.store, q.store.tasks(key), limit, func(task int32) (Part, error) {
		return s.inWindows(q.store, task, key, from, to, limit)
	})
	if err != nil {
		return err
	}
	if forwarded(r) {
		return writePart(w, part)
	}
	if len(part.Pairs) == 0 {
		return s.noKey(q.store, key)
	}
	page, err := q.page(part)
	if err != nil {
		return err
	}
	if last, more := part.horizon(); more {
		start, _, err := kv.SplitWindow(last)
		if err != nil {
			return err
		}
		page.Next = q.next(kv.After(kv.WindowKey(start, nil)), to, limit) + "&key64=" + encode64(key)
	}
	return writeJSON(w, http.StatusOK, page)
}

// inWindows looks for a key in the windows of one task, with one look for each to find
// them.
func (s *server) inWindows(st *store, task int32, key, from, to []byte, limit int) (p Part, err error) {
	size := 0
	for {
		first, err := s.scan(st, task, from, to, 1)
		if err != nil || len(first.Pairs) == 0 {
			return p, err
		}
		start, _, err := kv.SplitWindow(first.Pairs[0].Key)
		if err != nil {
			return p, err
		}
		stored := kv.WindowKey(start, key)
		value, err := s.getFrom(st, task, stored)
		if err != nil {
			return p, err
		}
		if value != nil {
			if full(p.Pairs, stored, size, limit) {
				p.More = true
				return p, nil
			}
			size += len(stored) + len(value)
			p.Pairs = append(p.Pairs, Pair{stored, value, task})
		}
		if from = kv.After(kv.WindowKey(start, nil)); from == nil {
			return p, nil
		}
	}
}
