package httpapi

import (
	"net/http"
	"time"
)

// A Leave is the response of …/leave.
type Leave struct {
	Leaving bool `json:"leaving"`
}

// LeavePath is the shutdown notice: it tells a process, by POST, that it won't return if it
// is told to end within [LeaveLease]. It leaves its groups then.
const LeavePath = "/api/v1/leave"

// LeaveLease is how long the notice holds: longer than a cluster needs to end a process.
// After that the process expects to be restarted again, for example because the cluster has
// refused the change, or the client is gone.
const LeaveLease = time.Minute

// leave makes this process leave its groups when it ends.
func (s *server) leave(w http.ResponseWriter, _ *http.Request) error {
	if s.cfg.Leave == nil {
		return alone()
	}
	s.cfg.Leave(time.Now().Add(LeaveLease))
	return writeJSON(w, http.StatusAccepted, Leave{true})
}
