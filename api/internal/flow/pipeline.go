package flow

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// A Pipeline is what a program has recorded. It belongs to the goroutine that
// records; once it runs, nothing in it changes.
type Pipeline struct {
	App     string
	Serdes  serde.Registry
	Samples []Sample // of inputs that can generate records of their own

	nodes    []*Node
	mistakes []error
	shapes   map[reflect.Type]*shape.Shape

	resources []Resource
	met       map[use]bool
}

// A use is a type in a role.
type use struct {
	of   reflect.Type
	role string
}

// A Node is one recorded operator: plain data for the plan, and the functions that
// build it for a task.
type Node struct {
	scheduler.Node
	// Emits are the output ports, the main one first. An output node has none.
	Emits []Port
	// Build makes the operator. It calls [Take] for each input port, and [Down] for
	// each output port. The result implements the operator's capabilities; nil if it
	// has none.
	Build func(b *Builder) (Operator, error)
	// Source makes what takes the records of a topic: of inputs, and of the far side
	// of repartitions.
	Source func(b *Builder) (Source, error)
	// Resources are the numbers of the resources that the operator uses.
	Resources []int
	// Policy is that of an input; other nodes have none, see [Pipeline.PolicyOf].
	Policy Policy
}

// PolicyOf returns what happens to failures of a node that no operator handles: they are
// skipped if all inputs whose records come to it skip theirs.
func (p *Pipeline) PolicyOf(node int) Policy {
	n := p.Node(node)
	if len(n.From) == 0 {
		return n.Policy
	}
	for _, e := range n.From {
		if p.PolicyOf(e.Node) != Skip {
			return Fail
		}
	}
	return Skip
}

// A Port is an output port of a node.
type Port struct {
	Name string // empty: the main one
	fan  func(downs []any) any
	of   reflect.Type // what it sends
}

// Sends reports whether a port sends records of type R.
func Sends[R any](p Port) bool { return p.of == reflect.TypeFor[R]() }

// Emit is the output port of that name, empty for the main one, for records of
// type R.
func Emit[R any](name string) Port { return Port{name, fan[R], reflect.TypeFor[R]()} }

// Add records a node, and returns the edge that leads from its main output port.
func (p *Pipeline) Add(n Node) scheduler.Edge {
	n.ID = len(p.nodes)
	if n.At == "" {
		n.At = Caller()
	}
	p.nodes = append(p.nodes, &n)
	return scheduler.Edge{Node: n.ID}
}

// Node returns a recorded node.
func (p *Pipeline) Node(id int) *Node { return p.nodes[id] }

// Graph returns the pipeline as data, or every mistake in it, each with file and
// line.
func (p *Pipeline) Graph() (scheduler.Graph, error) {
	errs := slices.Clone(p.mistakes)
	if len(p.nodes) == 0 {
		errs = append(errs, errors.New("the pipeline is empty: start it with From"))
	}
	return p.Recorded(), errors.Join(errs...)
}

// Recorded returns the pipeline so far, mistakes and all.
func (p *Pipeline) Recorded() scheduler.Graph {
	g := scheduler.Graph{App: p.App}
	for _, n := range p.nodes {
		g.Nodes = append(g.Nodes, n.Node)
	}
	return g
}

// Mistake notes a mistake of the user's, at the line of the call that is recorded.
func (p *Pipeline) Mistake(format string, args ...any) {
	p.MistakeAt(Caller(), fmt.Errorf(format, args...))
}

// MistakeAt notes a mistake at a place in the user's code; empty: of the whole
// pipeline.
func (p *Pipeline) MistakeAt(at string, err error) {
	if at != "" {
		err = fmt.Errorf("%s: %w", at, err)
	}
	p.mistakes = append(p.mistakes, err)
}

// Named checks the name of an operator that has state or a topic, or can fail.
// what is the noun for messages, as in "window".
func (p *Pipeline) Named(name, what string) {
	if err := scheduler.ValidName(name); err != nil {
		p.Mistake("%s %q: %w", what, name, err)
		return
	}
	for _, n := range p.nodes {
		if n.Name == name {
			p.Mistake("%s %q: the %s at %s has this name already", what, name, n.Kind, n.At)
			return
		}
	}
}

// describe names a node, as messages do.
func (p *Pipeline) describe(id int) string {
	n := p.nodes[id]
	name := string(n.Kind)
	switch {
	case n.Name != "":
		name += fmt.Sprintf(" %q", n.Name)
	case n.Topic != "":
		name += fmt.Sprintf(" %q", n.Topic)
	case len(n.Topics) > 0:
		name += fmt.Sprintf(" %q", n.Topics)
	}
	return name + " at " + n.At
}

// label names a node in events and counters: as the user did, or else by its kind, and its
// topic or number.
func (p *Pipeline) label(id int) string {
	n := p.nodes[id]
	switch {
	case n.Name != "":
		return n.Name
	case n.Topic != "":
		return string(n.Kind) + "-" + n.Topic
	}
	return fmt.Sprintf("%s-%d", n.Kind, id)
}

// operators names all nodes.
func (p *Pipeline) operators() []loop.Operator {
	all := make([]loop.Operator, len(p.nodes))
	for id := range all {
		all[id] = loop.Operator{Node: id, Name: p.label(id), Text: p.describe(id)}
	}
	return all
}

// Caller returns the file and line of the user's call: the first frame outside
// package api and its internal packages.
func Caller() string {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if !ours(f.Function) || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", shortFile(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// ours reports whether a function belongs to the packages that record.
func ours(function string) bool {
	const api = "github.com/gretestream/grete/api"
	return strings.HasPrefix(function, api+".") || strings.HasPrefix(function, api+"/internal/")
}

// shortFile keeps the last folder of a path: enough to find the place, and the
// same on every machine.
func shortFile(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// Describe sets the shape of a type that writes its own JSON.
func (p *Pipeline) Describe[T any](s *shape.Shape) {
	if p.shapes == nil {
		p.shapes = make(map[reflect.Type]*shape.Shape)
	}
	p.shapes[reflect.TypeFor[T]()] = s
}

// ShapeOf returns the shape of a type, for the plan.
func (p *Pipeline) ShapeOf[T any]() *shape.Shape {
	if s, ok := p.shapes[reflect.TypeFor[T]()]; ok {
		return s
	}
	return shape.For[T]()
}

// First reports whether a type has its first use in a role, so that its mistakes
// are reported once.
func (p *Pipeline) First[T any](role string) bool {
	u := use{reflect.TypeFor[T](), role}
	if p.met[u] {
		return false
	}
	if p.met == nil {
		p.met = make(map[use]bool)
	}
	p.met[u] = true
	return true
}

// KeepAs says under which names the state of operators is kept that were renamed. It is
// called before the pipeline is planned.
func (p *Pipeline) KeepAs(renames map[string]string) {
	for _, n := range p.nodes {
		if n.Name != "" {
			n.KeptAs = renames[n.Name]
		}
	}
}

// Has reports whether a node of this kind has this name.
func (p *Pipeline) Has(kind scheduler.Kind, name string) bool {
	return slices.ContainsFunc(p.nodes, func(n *Node) bool { return n.Kind == kind && n.Name == name })
}
