package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// PlanVersion is the version of the plan's own format. Version 1 had one store a
// node and no ports, version 2 had names of Go types in its schemas.
const PlanVersion = 3

// A Plan is everything that is decided before a job runs. Its form is JSON.
type Plan struct {
	Version int    `json:"version"`
	App     string `json:"app"`
	// Fingerprint is equal for two plans whose state and topics fit together: they
	// have the same stages, topics, stores and serdes. Operators without state don't
	// count.
	Fingerprint string  `json:"fingerprint"`
	Stages      []Stage `json:"stages"` // upstream before downstream
	Topics      []Topic `json:"topics"` // by name
	Nodes       []Node  `json:"nodes"`  // the graph's, planned-away repartitions included
}

// A Stage is a part of the graph that one task can run on its own.
type Stage struct {
	// Name is the name of the repartition that feeds the stage, else of its first
	// input: its topic, or the name of the input with a pattern.
	Name       string   `json:"name"`
	Group      string   `json:"group"` // <app>-<name>: the group that commits the offsets
	Tasks      int32    `json:"tasks"`
	Containers int      `json:"containers"`
	Nodes      []int    `json:"nodes"` // ascending; a repartition belongs to the stage that writes it
	Inputs     []Input  `json:"inputs"`
	Outputs    []Output `json:"outputs,omitempty"`
	Stores     []Store  `json:"stores,omitempty"`
	// MetaTopic is the compacted topic with the meta records of a stage without
	// stores. It is empty if the changelogs of stores have them.
	MetaTopic string `json:"metaTopic,omitempty"`
}

// Stage returns the stage with that name, or an error that lists all stages.
func (p *Plan) Stage(name string) (*Stage, error) {
	i := slices.IndexFunc(p.Stages, func(s Stage) bool { return s.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no stage %q; the stages are: %s", name, strings.Join(namesOf(p.Stages), ", "))
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
	// Producers is the number of tasks that write a repartition topic; 0 for other
	// topics.
	Producers int32 `json:"producers,omitempty"`
	// Start says where to start in partitions that this job has never read: 0 is
	// their oldest record, [StartNewest] their end, and everything else is a time, in
	// ms since 1970, for the first record that isn't older.
	Start int64 `json:"start,omitempty"`
	// OutOfRange says where to continue if the next record no longer exists.
	OutOfRange OutOfRange `json:"outOfRange,omitempty"`
	// Grown is the number of partitions, the last ones, that are newer than the job's
	// first read of the topic, or of another topic of the same pattern. They hold
	// nothing older, so they are read from their oldest record, whatever Start says.
	Grown int32 `json:"grown,omitempty"`
	// Bootstrap makes a task read the topic before inputs without Bootstrap, up to the
	// end that the topic had when the task first started.
	Bootstrap bool `json:"bootstrap,omitempty"`
	// Priority orders inputs: while one with a higher priority has records, those
	// with a lower one wait.
	Priority int `json:"priority,omitempty"`
	// Joined says that the records meet those of other inputs in a join: a task reads
	// them strictly in order of event time.
	Joined bool `json:"joined,omitempty"`
	// Table says that a join looks them up as a table: of several records of one time they
	// come first.
	Table bool `json:"table,omitempty"`
}

// StartNewest starts with records that are written from now on.
const StartNewest = -1

// OutOfRange says what to do when a partition no longer has the next offset:
// retention was faster than the job.
type OutOfRange string

const (
	OutOfRangeFail   OutOfRange = "" // stop, and let the user decide
	OutOfRangeOldest OutOfRange = "oldest"
	OutOfRangeNewest OutOfRange = "newest"
)

// Repartition reports whether the topic carries this job's own traffic from one
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
	Name      string `json:"name"`             // the operator's, or <operator>-<name> for one of several
	KeptAs    string `json:"keptAs,omitempty"` // see [Store.StateName]
	Changelog string `json:"changelog"`        // <app>-<state name>-changelog
	Node      int    `json:"node"`             // the operator
	Index     int    `json:"index,omitempty"`  // which of the node's Stores
	// Schema is what must not change under existing state: layout, form of the keys,
	// and the operator's settings that affect state.
	Schema string `json:"schema"`
	// Value is the form of the values; see [shape.Form]. It may change as package compare
	// says.
	Value string `json:"value"`
}

// StateName is the name under which the state is kept: in meta records, databases and the
// name of the changelog. It is that of the store, unless its operator was renamed.
func (s *Store) StateName() string { return cmp.Or(s.KeptAs, s.Name) }

// Role says what a topic is for the job.
type Role string

const (
	RoleInput       Role = "input"
	RoleOutput      Role = "output"
	RoleRepartition Role = "repartition"
	RoleChangelog   Role = "changelog"
	RolePlan        Role = "plan" // holds the record of the job's plan
)

// A Topic is one that the job reads or writes.
type Topic struct {
	Name       string `json:"name"`
	Role       Role   `json:"role"`
	Partitions int32  `json:"partitions"`
	// Create says that the topic doesn't exist, and is created before the job starts.
	Create bool `json:"create,omitempty"`
	// Grow says that the topic exists with fewer partitions, and gets more before the
	// job starts. Its records don't belong to keys.
	Grow bool `json:"grow,omitempty"`
}

// Metadata is what Build must know of the world.
type Metadata struct {
	// Partitions has the topics that exist, or will before the job starts. It must
	// have those that [Topics] names.
	Partitions map[string]int32
	// Assumed is the number of partitions of inputs that are missing in Partitions,
	// for a plan without a streaming layer; 0: inputs must exist.
	Assumed int32
}

// Options are the user's settings.
type Options struct {
	Partitions int32 // of topics that the job creates; 0: as many as the widest input of the stage that writes it
	Containers int   // of each stage; 0 means 1
	// StageContainers overrides Containers for some stages, by name.
	StageContainers map[string]int
}

// containers returns the number that is set for a stage.
func (o Options) containers(stage string) int {
	if n, ok := o.StageContainers[stage]; ok {
		return n
	}
	return max(o.Containers, 1)
}
