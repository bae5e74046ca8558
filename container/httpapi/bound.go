package httpapi

import (
	"fmt"
	"net/http"
)

// defaultQueries is how many queries are served at a time by default. A page of a range
// takes some megabytes.
const defaultQueries = 64

// A bound limits the number of concurrent queries. Forwarded ones are counted separately, as
// they wait for no other process: processes that query each other can't deadlock.
type bound struct{ first, forwarded chan struct{} }

func newBound(queries int) bound {
	return bound{make(chan struct{}, queries), make(chan struct{}, queries)}
}

// query wraps the handler of a bounded request.
func (s *server) query(answer func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set(AppHeader, s.cfg.Plan.App)
		places := s.bound.first
		if forwarded(r) {
			places = s.bound.forwarded
		}
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			return answer(w, r)
		default:
			return &failure{status: http.StatusServiceUnavailable, retry: shortRetry, Problem: Problem{
				Message: fmt.Sprintf("%s already serves %d queries, which is its limit", s.cfg.Advertise, cap(places))}}
		}
	}
}
