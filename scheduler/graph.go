package scheduler

// A Graph is the pipeline as the user wrote it. Its nodes are plain data; the
// functions stay in package api, which finds them again by the node's number.
type Graph struct {
	App   string `json:"app"`
	Nodes []Node `json:"nodes"` // in the order in which they were recorded; each comes after its From
}

// Kind says what a node does.
type Kind string

const (
	KindInput       Kind = "input"
	KindOutput      Kind = "output"
	KindRepartition Kind = "repartition" // ends one stage, starts the next
	KindMap         Kind = "map"
	KindFilter      Kind = "filter"
	KindFlatMap     Kind = "flatmap"
	KindPeek        Kind = "peek"
	KindMerge       Kind = "merge"
	KindWindow      Kind = "window"
	KindTable       Kind = "table"
)

// A Node is one operator.
type Node struct {
	ID   int    `json:"id"` // its index in Graph.Nodes
	Kind Kind   `json:"kind"`
	Name string `json:"name,omitempty"` // given by the user; what has state, a topic or can fail has one
	At   string `json:"-"`              // file:line of the user's call, for messages; no part of the plan
	From []int  `json:"from,omitempty"` // the nodes whose records it gets
	// Topic is the one that an input reads or an output writes. A repartition's
	// is named by the plan.
	Topic string `json:"topic,omitempty"`
	// Topics are those of an input that reads several as one stream.
	Topics []string `json:"topics,omitempty"`
	// Pattern is of an input that reads the topics whose whole names match it, a
	// regular expression (RE2). [Build] sets Topics to those that do. The stage is
	// named after the node, so that a new topic renames nothing.
	Pattern string `json:"pattern,omitempty"`
	// Start and OutOfRange are of inputs; see [Input]. Where Start is a time, a
	// Param "start" has it for people.
	Start      int64      `json:"start,omitempty"`
	OutOfRange OutOfRange `json:"outOfRange,omitempty"`
	// Key and Value are the serdes of an input, output or repartition.
	Key   string `json:"key,omitempty"`
	Value string `json:"value,omitempty"`
	// SameKey says of a repartition that its input is keyed by the very same
	// function already. The plan leaves such a repartition out.
	SameKey bool `json:"sameKey,omitempty"`
	// Store is the state of a window or table, nil for other kinds. Its name is the
	// node's.
	Store *StoreSpec `json:"store,omitempty"`
	// Params are what else decides the results (a window's size and grace, an
	// input's disorder), for people and for the fingerprint, in a fixed order.
	Params []Param `json:"params,omitempty"`
}

// A StoreSpec describes what a store holds.
type StoreSpec struct {
	Layout string `json:"layout"` // "values": by key; "windows": by window start, then key
	Key    string `json:"key"`    // serdes
	Value  string `json:"value"`
}

// A Param is a named setting of an operator.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
