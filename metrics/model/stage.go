package model

import (
	"cmp"
	"slices"
	"time"

	"github.com/gretestream/grete/metrics"
)

// A Stage is a part of the pipeline.
type Stage struct {
	Name  string `json:"name"`
	Group string `json:"group"` // whose offsets are committed
	// State is that of the group: empty, rebalancing, stable, foreign.
	State string `json:"state,omitempty"`
	// Foreign is the kind of client that uses the group, if it isn't the job.
	Foreign string `json:"foreign,omitempty"`
	// Lag is the sum of the lags of all inputs of the stage; missing if one is unknown.
	Lag *int64 `json:"lag,omitempty"`
	// Uncommitted is the number of input partitions without a committed offset. Their lag is
	// their length.
	Uncommitted int `json:"uncommitted,omitempty"`
	// Members are those of the group.
	Members []Member `json:"members,omitzero"`
	// Nobody lists the tasks that no member has or is about to take over.
	Nobody []int32 `json:"nobody,omitempty"`
	// Wanted is the number of containers that Nomad is to run.
	Wanted     int         `json:"wanted,omitempty"`
	Containers []Container `json:"containers,omitzero"`
	Tasks      []Task      `json:"tasks"`
}

// StateForeign is the state of a group that another kind of client uses.
const StateForeign = "foreign"

// A Member is a member of a stage's group.
type Member struct {
	Instance string  `json:"instance"`
	Host     string  `json:"host,omitempty"`
	Address  string  `json:"address,omitempty"` // HOST:PORT of its HTTP API
	Tasks    []int32 `json:"tasks"`
	// TakingOver lists the tasks that it gets as soon as others have released them.
	TakingOver []int32 `json:"takingOver"`
	Standbys   []int32 `json:"standbys"`
	// Fingerprint is that of its plan, if it isn't the job's.
	Fingerprint string `json:"fingerprint,omitempty"`
	Refused     string `json:"refused,omitempty"` // why the group refuses it
}

// A Container runs tasks of a stage.
type Container struct {
	Number   *int   `json:"number,omitempty"`   // in its process
	Address  string `json:"address,omitempty"`  // HOST:PORT of its process
	Instance string `json:"instance,omitempty"` // of the member with this address
	// Commits and Rebalances are counted since its start.
	Commits    *int64 `json:"commits,omitempty"`
	LastCommit *int64 `json:"lastCommit,omitempty"` // missing before the first
	Rebalances *int64 `json:"rebalances,omitempty"`
	*Allocation
}

// An Allocation is what Nomad knows about a container.
type Allocation struct {
	Name     string    `json:"name"`
	Alloc    string    `json:"alloc"`
	Node     string    `json:"node"`
	State    string    `json:"state"`
	Since    time.Time `json:"since"`
	Restarts uint64    `json:"restarts"`
	Event    string    `json:"event,omitempty"`
}

// NewContainer describes a container by what it has published; s is nil before that.
func NewContainer(address string, number int, s *metrics.Snapshot) Container {
	c := Container{Number: &number, Address: address, Commits: new(int64)}
	if s != nil {
		commits, rebalances := s.Commits, s.Rebalances
		c.Commits, c.Rebalances, c.LastCommit = &commits, &rebalances, known(s.LastCommit, 0)
	}
	return c
}

// SortContainers sorts containers by address and number.
func (s *Stage) SortContainers() {
	number := func(c Container) int {
		if c.Number == nil {
			return -1
		}
		return *c.Number
	}
	slices.SortStableFunc(s.Containers, func(a, b Container) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(number(a), number(b)))
	})
}

// AddLag sets the stage's lag, if it is known of all inputs of all tasks.
func (s *Stage) AddLag() {
	var sum int64
	for i := range s.Tasks {
		lag, ok := s.Tasks[i].lag()
		if !ok {
			s.Lag = nil
			return
		}
		sum += lag
	}
	s.Lag = nil
	if len(s.Tasks) > 0 {
		s.Lag = &sum
	}
}
