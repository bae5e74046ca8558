package scheduler

import "github.com/gretestream/grete/stream/serde/shape"

// A Graph is the pipeline as the user wrote it. Its nodes are plain data; the
// functions stay in package api, which finds them again by the node's number.
type Graph struct {
	App   string `json:"app"`
	Nodes []Node `json:"nodes"` // in the order of recording; each node comes after the nodes in its From
}

// Kind says what a node does. The scheduler knows the kinds below. Every other
// kind is an operator within a stage, and opaque to the scheduler.
type Kind string

const (
	KindInput       Kind = "input"
	KindOutput      Kind = "output"
	KindRepartition Kind = "repartition" // ends one stage and starts the next
	KindGenerator   Kind = "generator"   // an input that isn't a topic: the program makes its values
)

// A Node is one operator.
type Node struct {
	ID    int    `json:"id"` // its index in Graph.Nodes
	Kind  Kind   `json:"kind"`
	Label string `json:"label,omitempty"` // what texts and pictures call the kind; empty: the kind itself
	Name  string `json:"name,omitempty"`  // set by the user; required for state, for a topic of its own, and where errors are handled
	// KeptAs is the name under which the state of an operator is kept that was renamed;
	// empty: Name.
	KeptAs string `json:"keptAs,omitempty"`
	At     string `json:"-"`              // file:line of the user's call, for messages; not part of the plan
	From   []Edge `json:"from,omitempty"` // where its records come from
	// Topic is the topic that an input reads or an output writes. The plan names
	// the topic of a repartition.
	Topic string `json:"topic,omitempty"`
	// Topics are the topics of an input that reads several as one stream.
	Topics []string `json:"topics,omitempty"`
	// Pattern is a regular expression (RE2). An input with a pattern reads all
	// topics whose whole names match; [Build] sets Topics to them. The stage is
	// named after the node, so a new topic renames nothing.
	Pattern string `json:"pattern,omitempty"`
	// Delivery is set for inputs, generators and repartitions.
	Delivery Delivery `json:"delivery,omitempty"`
	// Start, OutOfRange, Bootstrap and Priority are set for inputs; see [Input].
	Start      int64      `json:"start,omitempty"`
	OutOfRange OutOfRange `json:"outOfRange,omitempty"`
	Bootstrap  bool       `json:"bootstrap,omitempty"`
	Priority   int        `json:"priority,omitempty"`
	// Key and Value name the serdes of an input, output or repartition; KeyShape
	// and ValueShape describe the types that they encode.
	Key        string       `json:"key,omitempty"`
	Value      string       `json:"value,omitempty"`
	KeyShape   *shape.Shape `json:"keyShape,omitempty"`
	ValueShape *shape.Shape `json:"valueShape,omitempty"`
	// SameKey marks a repartition whose input is already keyed by the very same
	// function. The plan leaves such a repartition out.
	SameKey bool `json:"sameKey,omitempty"`
	// Stores are the operator's state.
	Stores []StoreSpec `json:"stores,omitempty"`
	// Params are the operator's other settings, in a fixed order.
	Params []Param `json:"params,omitempty"`
}

// An Edge leads from an output port of one node to an input port of another.
type Edge struct {
	Node int    `json:"node"`           // where the records come from
	Port string `json:"port,omitempty"` // the output port of that node; empty: the main one. E.g. late, deadletter, the name of a side output
	To   string `json:"to,omitempty"`   // the input port of this node; empty: the only one. E.g. left, right, table
}

// Delivery says which tasks get which records of an input or a repartition.
type Delivery string

const (
	// DeliverPartition gives partition p to task p.
	DeliverPartition Delivery = ""
	// DeliverBroadcast gives every record to every task. All tasks read all
	// partitions of a broadcast input, and have the positions to themselves. A
	// broadcast repartition writes each record to all partitions of its topic,
	// which has one for each task that reads it.
	DeliverBroadcast Delivery = "broadcast"
	// DeliverGlobal is for inputs: each process keeps all records in one table,
	// which the operators of all its tasks look up. Tasks read none of it.
	DeliverGlobal Delivery = "global"
	// DeliverGenerator is for generators: task 0 has all values.
	DeliverGenerator Delivery = "generator"
)

// A StoreSpec describes one store of a node.
type StoreSpec struct {
	Name   string `json:"name,omitempty"` // distinguishes the stores of a node; empty: the store has the node's name
	Layout string `json:"layout"`         // how entries are keyed, by its name; see package kv/layout
	// Params are the layout's: they tell readers how to read entries.
	Params map[string]string `json:"params,omitempty"`
	Key    string            `json:"key"` // serdes
	Value  string            `json:"value"`

	KeyShape   *shape.Shape `json:"keyShape,omitempty"`
	ValueShape *shape.Shape `json:"valueShape,omitempty"`
	// Upgrades are forms of values that the program converts to that of the store when
	// it reads them; see [shape.Form].
	Upgrades []string `json:"upgrades,omitempty"`
}

// A Param is a named setting of an operator.
type Param struct {
	Name    string  `json:"name"`
	Value   string  `json:"value"`
	Affects Affects `json:"affects"`
}

// Affects says what depends on a [Param].
type Affects string

const (
	// AffectsState: existing state was written under it, so it must not change.
	AffectsState Affects = "state"
	// AffectsResults: a change is compatible; results differ from then on.
	AffectsResults Affects = "results"
	// AffectsDisplay: the setting is shown, and nothing depends on it.
	AffectsDisplay Affects = "display"
)
