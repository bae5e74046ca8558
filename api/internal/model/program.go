package model

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/api"
)

// A Rec is a record of every stream.
type Rec struct {
	ID uint64 `json:"id"` // different for each record of a stream
	N  int64  `json:"n"`
	At int64  `json:"at"` // event time in ms, of the records of inputs
}

// An Item is a record with its key and its event time, as the interpreter has it.
type Item struct {
	Key  string
	Time int64 // ms since 1970
	Rec
}

// A Stream is what operators are built on.
type Stream = api.KeyedStream[string, Rec]

// An Operator is one step of a program, in its two halves.
type Operator interface {
	fmt.Stringer
	// Build adds the operator to the pipeline. name is different for each node.
	Build(app *api.App, name string, in []Stream) Stream
	// Interpret returns all records that the operator makes of all records of its inputs.
	Interpret(c *Context, name string, in [][]Item) []Item
	// Timed reports whether the event times of the results are determined, given that
	// those of the inputs are. Operators that need event time don't follow one that isn't.
	Timed() bool
}

// A Context is what the interpreter knows of a run besides its inputs.
type Context struct {
	Inputs map[string][]Item // by topic
	Late   map[string][]Item // by node: the records that came too late
}

// A Program is operators in the order in which they are recorded.
type Program struct{ Nodes []Node }

// A Node is an operator and the nodes whose records it takes.
type Node struct {
	Op   Operator
	From []int
}

// Name is the name of a node, for the pipeline and for its output topic.
func Name(node int) string { return fmt.Sprintf("n%d", node) }

// An Out is what a node's output topic has: the record with its key.
type Out struct {
	Key string `json:"key"`
	Rec
}

// Build returns the program as a pipeline. Each node that no other reads writes to a topic
// of its name.
func (p Program) Build() *api.App {
	app := api.New("model")
	streams := make([]Stream, len(p.Nodes))
	for i, n := range p.Nodes {
		in := make([]Stream, len(n.From))
		for j, from := range n.From {
			in[j] = streams[from]
		}
		streams[i] = n.Op.Build(app, Name(i), in)
	}
	for _, i := range p.Leaves() {
		streams[i].MapWithKey(func(k string, r Rec) Out { return Out{k, r} }).To(Name(i))
	}
	return app
}

// Interpret returns the records of each node.
func (p Program) Interpret(c *Context) [][]Item {
	all := make([][]Item, len(p.Nodes))
	for i, n := range p.Nodes {
		in := make([][]Item, len(n.From))
		for j, from := range n.From {
			in[j] = all[from]
		}
		all[i] = n.Op.Interpret(c, Name(i), in)
	}
	return all
}

// Leaves are the nodes that no other reads.
func (p Program) Leaves() []int {
	read := make(map[int]bool)
	for _, n := range p.Nodes {
		for _, from := range n.From {
			read[from] = true
		}
	}
	var leaves []int
	for i := range p.Nodes {
		if !read[i] {
			leaves = append(leaves, i)
		}
	}
	return leaves
}

// String lists the nodes, one a line.
func (p Program) String() string {
	var b strings.Builder
	for i, n := range p.Nodes {
		fmt.Fprintf(&b, "%s = %v", Name(i), n.Op)
		for _, from := range n.From {
			b.WriteString(" " + Name(from))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// id makes the ID of a record from what makes it different from the others of its stream.
func id(parts ...any) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, part := range parts {
		for _, c := range []byte(fmt.Sprint(part, ";")) {
			h = (h ^ uint64(c)) * 1099511628211
		}
	}
	return h
}
