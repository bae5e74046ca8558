package httpapi

import (
	"net/http"
	"time"
)

// A Leave is the answer of …/leave.
type Leave struct {
	Leaving bool `json:"leaving"`
}

// LeavePath is where a process is told, by POST, that it won't be back when it is asked
// to end within [LeaveLease]: it leaves its groups then. Who ends it needn't know that.
const LeavePath = "/api/v1/leave"

// LeaveLease is how long that holds: longer than a cluster needs to end what it was told
// to end. After that the process is again one that is ended to be started anew, as when
// who has told it was refused by the cluster, or is gone.
const LeaveLease = time.Minute

// leave has this process leave its groups when it ends.
func (s *server) leave(w http.ResponseWriter, _ *http.Request) error {
	if s.cfg.Leave == nil {
		return alone()
	}
	s.cfg.Leave(time.Now().Add(LeaveLease))
	return writeJSON(w, http.StatusAccepted, Leave{true})
}
