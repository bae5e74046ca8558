package httpapi

import (
	"net/http"
	"time"
)

// A Drain is the answer of …/drain: how many containers the process has, and how many of
// them read no more of the inputs and have committed all that they have done.
type Drain struct {
	Containers int `json:"containers"`
	Held       int `json:"held"`
}

// A Stop is the answer of …/stop.
type Stop struct {
	Stopping bool `json:"stopping"`
}

const (
	// DrainPath is where a process is told, by POST, to read no more of the inputs for
	// [DrainLease]: to go on so it is told again.
	DrainPath = "/api/v1/drain"
	// StopPath is where it is told, by POST, to leave its groups and to end.
	StopPath = "/api/v1/stop"
)

// DrainLease is how long inputs are held. It is short, so that a job goes on soon if who
// drains it is gone, and longer than a broker may be away without notice.
const DrainLease = 15 * time.Second

// drain has the containers of this process hold their inputs.
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

// alone refuses what is for jobs of several processes.
func alone() error {
	return &failure{status: http.StatusConflict, Problem: Problem{Message: "this job is in one process, whose tasks are fixed"}}
}

// changing answers requests that change something. Pages of other origins can have a
// browser post, and where there is no token nothing else keeps them away.
func (s *server) changing(answer func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set(AppHeader, s.cfg.Plan.App)
		if err := http.NewCrossOriginProtection().Check(r); err != nil {
			return &failure{status: http.StatusForbidden, Problem: Problem{Message: "a page of another origin can't change anything here"}}
		}
		return answer(w, r)
	}
}
