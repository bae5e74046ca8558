package httpapi

import (
	"fmt"
	"net/http"
)

// defaultQueries is how many queries are answered at a time if nothing else is said. A
// page of a range takes some megabytes.
const defaultQueries = 64

// A bound lets so many queries through at a time. Those of other processes are counted
// apart, as they wait for nobody else: processes that ask each other don't wait in a
// circle.
type bound struct{ first, forwarded chan struct{} }

func newBound(queries int) bound {
	return bound{make(chan struct{}, queries), make(chan struct{}, queries)}
}

// query answers one of the bounded requests.
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
				Message: fmt.Sprintf("%s answers %d queries already, as many as it may at a time", s.cfg.Advertise, cap(places))}}
		}
	}
}
