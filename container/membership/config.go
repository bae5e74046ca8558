package membership

import (
	"time"

	"github.com/gretestream/grete/stream"
)

// Config describes one member of the group that shares a stage. [share.Assign], run by
// the group's leader, decides which member gets which task.
type Config struct {
	Group stream.Grouper
	// Instance is the name of the container that lasts over its restarts. It is unique in
	// the group. An instance that returns within SessionTimeout keeps its tasks.
	Instance string
	Host     string // the machine, and so where the local state is
	Address  string // HOST:PORT of the process's HTTP API; "": none
	Life     Life   // this run of the instance; the container sets it
	// Compatibility is that of the plan, as scheduler.SideBySide compares it. Members with different ones can't run
	// side by side.
	Compatibility string
	// Recorded means that the plan is compatible with the one by which the job ran last. If
	// versions start at the same time, those that are decide which others may run.
	Recorded bool
	// Peers learn which process has which task; nil: nobody is told.
	Peers *Peers
	// MoveRequests are read for tasks that people want this container to have; nil: there
	// are none.
	MoveRequests *MoveRequests
	// Standbys is how many other containers follow the state of each task. All members
	// must have the same value.
	Standbys int
	// See [stream.GroupConfig].
	SessionTimeout, Heartbeat, RebalanceTimeout time.Duration
}
