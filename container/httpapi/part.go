package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
)

// A Part is the response to a forwarded request for a range: the first entries of some
// tasks, as they are in their databases, in the order of their keys, and then of the tasks.
type Part struct {
	Pairs []Pair `json:"pairs"`
	// More means that other entries follow the last one; up to that, none is missing.
	More bool `json:"more,omitempty"`
}

// A Pair is an entry as it is in a database; in JSON, in base64.
type Pair struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
	Task  int32  `json:"task"`
}

var errPart = errors.New("sends a response that can't be parsed")

// part parses the response of another process; without one it is empty.
func (a *answer) part() (p Part, err error) {
	if a == nil {
		return p, nil
	}
	if err := json.Unmarshal(a.body, &p); err != nil || p.Pairs == nil || p.More && len(p.Pairs) == 0 || !slices.IsSortedFunc(p.Pairs, byKey) {
		return Part{}, errPart
	}
	return p, nil
}

func byKey(a, b Pair) int {
	return cmp.Or(bytes.Compare(a.Key, b.Key), cmp.Compare(a.Task, b.Task))
}

// merge returns the first entries of both, as many as a page has room for.
func (p Part) merge(q Part, limit int) Part {
	horizon, bounded := p.horizon()
	if other, ok := q.horizon(); ok && (!bounded || bytes.Compare(other, horizon) < 0) {
		horizon, bounded = other, true
	}
	all := make([]Pair, 0, min(len(p.Pairs)+len(q.Pairs), limit+1))
	size, a, b := 0, p.Pairs, q.Pairs
	for len(a)+len(b) > 0 {
		from := &a
		if len(a) == 0 || len(b) > 0 && byKey(b[0], a[0]) < 0 {
			from = &b
		}
		next := (*from)[0]
		if full(all, next.Key, size, limit) || bounded && bytes.Compare(next.Key, horizon) > 0 {
			return Part{all, true}
		}
		*from = (*from)[1:]
		size += len(next.Key) + len(next.Value)
		all = append(all, next)
	}
	return Part{all, bounded}
}

// horizon is the key up to which nothing is missing, if there are more.
func (p Part) horizon() (key []byte, bounded bool) {
	if !p.More {
		return nil, false
	}
	return p.Pairs[len(p.Pairs)-1].Key, true
}

// full reports whether a page of so many bytes has no room for another key. All entries of
// one key are on the same page, as the next page starts after the key.
func full(page []Pair, key []byte, size, limit int) bool {
	if n := len(page); n > 0 && bytes.Equal(page[n-1].Key, key) {
		return false
	}
	return len(page) >= limit || size > pageBytes
}

// gather collects the first entries of a range of some tasks: from this process with scan,
// from others by forwarding the request.
func (s *server) gather(r *http.Request, st *store, tasks []int32, limit int, scan func(task int32) (Part, error)) (whole Part, err error) {
	if tasks, err = s.asked(r, st.stage, tasks); err != nil {
		return whole, err
	}
	var mu sync.Mutex
	add := func(p Part, err error) error {
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		whole = whole.merge(p, limit)
		return nil
	}
	a := asking{server: s, request: r, stage: st.stage}
	a.local = func(task int32) error { return add(scan(task)) }
	a.remote = func(ctx context.Context, address string, tasks []int32) error {
		got, err := a.forward(ctx, address, tasks)
		if err != nil {
			return err
		}
		p, err := got.part()
		if err != nil {
			err = s.away(st.stage, tasks[0], address, err)
		}
		return add(p, err)
	}
	if err := lacking(r, a.ask(tasks), len(tasks)); err != nil {
		return Part{}, err
	}
	return whole, nil
}

// writePart responds to another process.
func writePart(w http.ResponseWriter, p Part) error {
	w.Header().Set("Content-Type", "application/json")
	// If this fails, the client is gone.
	_ = json.NewEncoder(w).Encode(p)
	return nil
}
