package scheduler

import (
	"fmt"
	"slices"
	"strings"
)

// PlanVersion is the version of the plan's own format. Version 1 had one store a
// node and no ports.
const PlanVersion = 2

// A Plan is everything that is decided before a job runs. It is JSON.
type Plan struct {
	Version int    `json:"version"`
	App     string `json:"app"`
	// Fingerprint is equal for two plans whose state and topics fit together:
	// their stages, topics, stores and serdes are the same. Stateless operators
	// don't count.
	Fingerprint string  `json:"fingerprint"`
	Stages      []Stage `json:"stages"` // upstream before downstream
	Topics      []Topic `json:"topics"` // by name
	Nodes       []Node  `json:"nodes"`  // the graph's, planned-away repartitions included
}

// A Stage is a part of the graph that one task can run on its own.
type Stage struct {
	// Name is that of the repartition that feeds the stage, or of its first
	// input: its topic, or the name that stands beside a pattern.
	Name       string   `json:"name"`
	Group      string   `json:"group"` // <app>-<name>: whose offsets are committed
	Tasks      int32    `json:"tasks"`
	Containers int      `json:"containers"`
	Nodes      []int    `json:"nodes"` // ascending; a repartition belongs to the stage that writes it
	Inputs     []Input  `json:"inputs"`
	Outputs    []Output `json:"outputs,omitempty"`
	Stores     []Store  `json:"stores,omitempty"`
	// MetaTopic is the compacted topic that holds the meta records of a stage
	// that has no store; empty where the stores' changelogs hold them.
	MetaTopic string `json:"metaTopic,omitempty"`
}

// Stage returns the stage of that name, or an error that lists those that there are.
func (p *Plan) Stage(name string) (*Stage, error) {
	i := slices.IndexFunc(p.Stages, func(s Stage) bool { return s.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no stage %q; there are: %s", name, strings.Join(namesOf(p.Stages), ", "))
	}
	return &p.Stages[i], nil
}

func namesOf(stages []Stage) []string {
	names := make([]string, len(stages))
	for i := range stages {
		names[i] = stages[i].Name
	}
	return names
}

// Spec returns the description of a store of the plan.
func (p *Plan) Spec(s *Store) *StoreSpec { return &p.Nodes[s.Node].Stores[s.Index] }

// An Input is a topic that a stage reads.
type Input struct {
	Topic      string `json:"topic"`
	Partitions int32  `json:"partitions"`
	// Nodes get the topic's records: input nodes, or the one repartition node
	// that writes the topic in another stage. A node may read several inputs. A
	// global table belongs to no stage; each stage that looks it up has its topics
	// as inputs.
	Nodes []int `json:"nodes"`
	// Delivery says which tasks get which records. The number of partitions decides
	// the stage's tasks only under [DeliverPartition].
	Delivery Delivery `json:"delivery,omitempty"`
	// Producers is, of a repartition topic, the number of tasks that write it;
	// 0 of other topics.
	Producers int32 `json:"producers,omitempty"`
	// Start says where partitions are read first that this job has never read: 0,
	// at their oldest record, [StartNewest], or at the first record that isn't
	// older than a time, in ms since 1970.
	Start int64 `json:"start,omitempty"`
	// OutOfRange says where to go on if the next record isn't there any more.
	OutOfRange OutOfRange `json:"outOfRange,omitempty"`
	// Grown is how many of the partitions, the last ones, have come since the job began
	// to read the topic, or the others that match the same pattern. Nothing in them is
	// older than that, so they are read from their oldest record wherever others start.
	Grown int32 `json:"grown,omitempty"`
	// Bootstrap says that a task reads the topic up to the end that it had when the
	// task first started, before it reads any input without it.
	Bootstrap bool `json:"bootstrap,omitempty"`
	// Priority orders inputs: while one with a higher priority has records, those
	// with a lower one wait.
	Priority int `json:"priority,omitempty"`
}

// StartNewest begins with what is written from now on.
const StartNewest = -1

// OutOfRange is what to do when a partition no longer has the offset that is to
// be read: retention was faster than the job.
type OutOfRange string

const (
	OutOfRangeFail   OutOfRange = "" // stop, so that a person decides
	OutOfRangeOldest OutOfRange = "oldest"
	OutOfRangeNewest OutOfRange = "newest"
)

// Repartition tells whether the topic carries this job's own traffic from one
// stage to the next.
func (in Input) Repartition() bool { return in.Producers > 0 }

// An Output is a topic that a stage writes.
type Output struct {
	Topic       string `json:"topic"`
	Node        int    `json:"node"` // the output or repartition node
	Repartition bool   `json:"repartition,omitempty"`
}

// A Store is state of one operator. Each task has a part of it.
type Store struct {
	Name      string `json:"name"`            // the operator's, or <operator>-<name> for one of several
	Changelog string `json:"changelog"`       // <app>-<name>-changelog
	Node      int    `json:"node"`            // the operator
	Index     int    `json:"index,omitempty"` // which of the node's Stores
	// Schema is what must not change under existing state: layout, serdes, and the
	// operator's settings that affect state.
	Schema string `json:"schema"`
}

// Role says what a topic is to the job.
type Role string

const (
	RoleInput       Role = "input"
	RoleOutput      Role = "output"
	RoleRepartition Role = "repartition"
	RoleChangelog   Role = "changelog"
	RolePlan        Role = "plan" // where the job's plan is recorded
)

// A Topic is one that the job reads or writes.
type Topic struct {
	Name       string `json:"name"`
	Role       Role   `json:"role"`
	Partitions int32  `json:"partitions"`
	// Create says that the topic doesn't exist yet and is made before the job
	// starts.
	Create bool `json:"create,omitempty"`
	// Grow says that it exists with fewer partitions, and gets these before the job
	// starts: what it holds belongs to no keys.
	Grow bool `json:"grow,omitempty"`
}

// Metadata is what a plan must know of the world.
type Metadata struct {
	// Partitions of the topics that exist, or that will before the job starts. It
	// needs to have those that [Topics] names.
	Partitions map[string]int32
	// Assumed is how many partitions the inputs have that aren't among them, for a
	// plan without a streaming layer; 0: they must exist.
	Assumed int32
}

// Options are the user's wishes.
type Options struct {
	Partitions int32 // of topics that the job creates; 0: as many as the widest input of the stage that writes it
	Containers int   // of each stage; 0 means 1
	// StageContainers are those of some stages, by their names, instead of Containers.
	StageContainers map[string]int
}

// containers are how many are asked for a stage.
func (o Options) containers(stage string) int {
	if n, ok := o.StageContainers[stage]; ok {
		return n
	}
	return max(o.Containers, 1)
}
