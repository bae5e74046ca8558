package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gretestream/grete/container/httpapi/limit"
)

// defaultQueries is how many queries are served at a time by default. A page of a range
// takes some megabytes.
const defaultQueries = 64

// A bound limits the number of concurrent queries. Forwarded ones are counted separately, as
// they wait for no other process: processes that query each other can't deadlock.
type bound struct{ first, forwarded, scrapes chan struct{} }

// maxScrapes is how many requests for metrics are served at a time.
const maxScrapes = 4

func newBound(queries int) bound {
	return bound{make(chan struct{}, queries), make(chan struct{}, queries), make(chan struct{}, maxScrapes)}
}

// scraping wraps the handler of the metrics.
func (s *server) scraping(page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.bound.scrapes <- struct{}{}:
			defer func() { <-s.bound.scrapes }()
			page.ServeHTTP(w, r)
		default:
			writeError(w, &failure{status: http.StatusServiceUnavailable, retry: shortRetry, Problem: Problem{
				Message: fmt.Sprintf("%s already serves %d requests for metrics, which is its limit", s.cfg.Advertise, maxScrapes)}})
		}
	})
}

// query wraps the handler of a bounded request.
func (s *server) query(answer func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set(AppHeader, s.cfg.Plan.App)
		places := s.bound.first
		if forwarded(r) {
			places = s.bound.forwarded
		}
		if !enter(r.Context(), places) {
			return &failure{status: http.StatusServiceUnavailable, retry: shortRetry, Problem: Problem{
				Message: fmt.Sprintf("%s already serves %d queries, which is its limit", s.cfg.Advertise, cap(places))}}
		}
		defer func() { <-places }()
		return answer(w, r)
	}
}

// enter takes a place, and reports whether it got one. Most queries take less than a
// millisecond, so a burst is served. Connections bound how many wait.
func enter(ctx context.Context, places chan<- struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
		return limit.Wait(ctx, places)
	}
}
