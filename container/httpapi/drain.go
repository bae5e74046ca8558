package httpapi

import (
	"net/http"
	"time"
)

// A Drain is the response of …/drain: how many containers the process has, and how many of
// them hold their inputs and have committed everything.
type Drain struct {
	Containers int `json:"containers"`
	Held       int `json:"held"`
}

// A Stop is the response of …/stop.
type Stop struct {
	Stopping bool `json:"stopping"`
}

const (
	// DrainPath makes a process, by POST, hold its inputs for [DrainLease]. Another POST
	// prolongs that.
	DrainPath = "/api/v1/drain"
	// StopPath makes it, by POST, leave its groups and end.
	StopPath = "/api/v1/stop"
)

// DrainLease is how long inputs are held. It is short, so that a job goes on soon if the
// client that drains it is gone, and longer than a broker may be unavailable unnoticed.
const DrainLease = 15 * time.Second

// drain makes the containers of this process hold their inputs.
func (s *server) drain(w http.ResponseWriter, _ *http.Request) error {
	if s.cfg.Hold == nil {
		return alone()
	}
	containers, held := s.cfg.Hold.Until(time.Now().Add(DrainLease))
	return writeJSON(w, http.StatusAccepted, Drain{containers, held})
}

// stop ends this process, soon.
func (s *server) stop(w http.ResponseWriter, _ *http.Request) error {
	if s.cfg.Stop == nil {
		return alone()
	}
	s.cfg.Stop()
	return writeJSON(w, http.StatusAccepted, Stop{true})
}

// alone refuses requests that only make sense if the job has several processes.
func alone() error {
	return &failure{status: http.StatusConflict, Problem: Problem{Message: "this job has a single process with a fixed assignment"}}
}

// changing wraps the handlers of requests that change something. Pages of other origins can
// make a browser post, and without a token nothing else keeps them out.
func (s *server) changing(answer func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set(AppHeader, s.cfg.Plan.App)
		if err := http.NewCrossOriginProtection().Check(r); err != nil {
			return &failure{status: http.StatusForbidden, Problem: Problem{Message: "requests from a page of another origin are refused"}}
		}
		return answer(w, r)
	}
}
