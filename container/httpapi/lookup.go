package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/gretestream/grete/kv/layout"
)

// A hit is where a key was found: here, with its value, or by another process. The zero
// value is no hit.
type hit struct {
	task   int32
	value  []byte
	answer *answer
}

func (h hit) found() bool { return h.value != nil || h.answer != nil }

// get looks for an entry: first in the task that has the record's key by its hash, then in
// all other tasks that may have it. The first task that has it wins. It is an error if the
// entry may be in a task that is unavailable.
func (s *server) get(r *http.Request, st *store, one *layout.Selection) (hit, error) {
	tasks, err := s.asked(r, st.stage, st.tasks(one.Key))
	if err != nil {
		return hit{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.PeerTimeout) // for both searches
	defer cancel()
	r = r.WithContext(ctx)
	found, lacks := s.search(r, st, tasks[:1], one.From)
	if !found.found() && len(tasks) > 1 {
		var more []lack
		found, more = s.search(r, st, tasks[1:], one.From)
		lacks = append(lacks, more...)
	}
	if found.found() {
		return found, nil
	}
	return found, lacking(r, lacks, len(tasks))
}

// search looks for a stored key in some tasks at once.
func (s *server) search(r *http.Request, st *store, tasks []int32, stored []byte) (best hit, lacks []lack) {
	var mu sync.Mutex
	add := func(h hit) {
		mu.Lock()
		defer mu.Unlock()
		if !best.found() || slices.Index(tasks, h.task) < slices.Index(tasks, best.task) {
			best = h
		}
	}
	a := asking{server: s, request: r, stage: st.stage}
	a.local = func(task int32) error {
		value, err := s.getFrom(st, task, stored)
		if value != nil {
			add(hit{task: task, value: value})
		}
		return err
	}
	a.remote = func(ctx context.Context, address string, tasks []int32) error {
		got, err := a.forward(ctx, address, tasks)
		if got != nil {
			task, err := strconv.ParseInt(got.header.Get(TaskHeader), 10, 32)
			if err != nil || !slices.Contains(tasks, int32(task)) {
				return s.away(st.stage, tasks[0], address, errPart)
			}
			add(hit{task: int32(task), answer: got})
		}
		return err
	}
	lacks = a.ask(tasks)
	return best, lacks
}
