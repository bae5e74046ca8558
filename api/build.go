package api

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
)

// push hands a value to what comes next in the chain. An error ends the record.
type push[M any] func(M) error

// A scope is what goes with the value that is on its way down a task's chain:
// set by sources, and by operators that send of their own accord.
type scope struct {
	key       []byte // encoded; nil: none. Valid while the value is on its way
	time      int64  // event time, ms since 1970
	partition int32  // of the input, for records without a key
	operator  int    // the node whose user function runs, for messages
}

// A program makes the logic of tasks out of the recorded nodes.
type program struct{ nodes []*node }

// A builder connects the nodes of one task, the last ones first: each operator
// is given what comes after it.
type builder struct {
	task  *container.Task
	scope *scope
	logic *logic
	id    int // the node that is being built
}

// addOperator registers an operator that has a say in watermarks.
func (b *builder) addOperator(op operator) { b.logic.operators[b.id] = op }

func (p program) NewLogic(stage *scheduler.Stage, t *container.Task) (container.Logic, error) {
	l := &logic{program: p, stage: stage, sources: make(map[int][]source), operators: make(map[int]operator)}
	b := &builder{task: t, scope: &l.scope, logic: l}
	ups := make(map[int]any) // push functions into nodes, by node
	for _, id := range slices.Backward(stage.Nodes) {
		if err := p.build(b, stage, id, ups); err != nil {
			return nil, p.located(id, err)
		}
	}
	for _, in := range stage.Inputs {
		if err := p.buildSource(b, stage, in, ups); err != nil {
			return nil, err
		}
	}
	l.connectWatermarks()
	return l, nil
}

// build makes the operator of one node, if it has one in this stage.
func (p program) build(b *builder, stage *scheduler.Stage, id int, ups map[int]any) (err error) {
	n := p.nodes[id]
	if n.attach == nil {
		return nil
	}
	b.id = id
	var down any
	if n.Kind != scheduler.KindOutput && !p.leaves(n, stage) {
		down = p.downstream(n, stage, ups)
	}
	ups[id], err = n.attach(b, down)
	return err
}

// leaves tells whether the node sends to another stage.
func (p program) leaves(n *node, stage *scheduler.Stage) bool {
	return slices.ContainsFunc(stage.Outputs, func(o scheduler.Output) bool { return o.Node == n.ID })
}

// downstream is what takes the records that leave a node within a stage.
func (p program) downstream(n *node, stage *scheduler.Stage, ups map[int]any) any {
	var downs []any
	for _, id := range stage.Nodes {
		for _, from := range p.nodes[id].From {
			if from.Node == n.ID {
				downs = append(downs, ups[id])
			}
		}
	}
	return n.fan(downs)
}

// buildSource makes what takes the records of an input topic: the sources of all
// the nodes that read it.
func (p program) buildSource(b *builder, stage *scheduler.Stage, in scheduler.Input, ups map[int]any) error {
	var parts []source
	for _, id := range in.Nodes {
		n := p.nodes[id]
		b.id = id
		s, err := n.source(b, p.downstream(n, stage, ups))
		if err != nil {
			return p.located(id, err)
		}
		b.logic.sources[id] = append(b.logic.sources[id], s)
		parts = append(parts, s)
	}
	b.logic.inputs = append(b.logic.inputs, joinSources(parts))
	return nil
}

func (p program) located(id int, err error) error {
	return fmt.Errorf("%s: %w", p.describe(id), err)
}

// describe names an operator, as messages do.
func (p program) describe(id int) string {
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

// fan sends to all of downs, in order. With one it is that one: no call more.
func fan[M any](downs []any) any {
	pushes := make([]push[M], len(downs))
	for i := range downs {
		pushes[i] = downs[i].(push[M])
	}
	switch len(pushes) {
	case 0:
		return push[M](func(M) error { return nil })
	case 1:
		return pushes[0]
	}
	return push[M](func(m M) error {
		for _, p := range pushes {
			if err := p(m); err != nil {
				return err
			}
		}
		return nil
	})
}
