package flow

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Program returns what builds the operators of the pipeline's tasks.
func (p *Pipeline) Program() loop.Program { return program{p} }

type program struct{ *Pipeline }

// NewLogic builds the nodes of a stage, the last ones first: each operator is
// given what comes after it.
func (p program) NewLogic(stage *scheduler.Stage, t *loop.Task) (loop.Logic, error) {
	a := &assembly{pipeline: p.Pipeline, stage: stage, logic: &logic{names: p.operators(), marks: make(map[string]*EventTime)}, builders: make(map[int]*Builder), task: t}
	for _, id := range slices.Backward(stage.Nodes) {
		if err := a.build(id); err != nil {
			return nil, fmt.Errorf("%s: %w", p.describe(id), err)
		}
	}
	for _, in := range stage.Inputs {
		if err := a.buildSources(in); err != nil {
			return nil, err
		}
	}
	if err := a.resolveLookups(); err != nil {
		return nil, err
	}
	a.connectWatermarks()
	return a.logic, nil
}

// An assembly is the operators of one task while they are built.
type assembly struct {
	pipeline *Pipeline
	stage    *scheduler.Stage
	task     *loop.Task
	logic    *logic
	builders map[int]*Builder // by node
	sources  []placed[Source]
	ops      []placed[Operator] // downstream first
}

// placed is something that belongs to a node.
type placed[T any] struct {
	node int
	it   T
}

func (a *assembly) builder(id int) *Builder {
	return &Builder{
		Task: a.task, Scope: &a.logic.scope, Node: a.pipeline.Node(id), ID: id,
		takes: make(map[string]any), downs: make(map[string]any), needed: make(map[string]bool), time: EventTime{reached: stream.NoTime},
	}
}

// build makes the operator of one node. An input has none; it has a source.
func (a *assembly) build(id int) error {
	b := a.builder(id)
	if b.Node.Build == nil {
		return nil
	}
	if b.Leaves = a.leaves(id); !b.Leaves {
		a.connect(b)
	}
	op, err := b.Node.Build(b)
	if err != nil {
		return err
	}
	a.builders[id] = b
	a.ops = append(a.ops, placed[Operator]{id, op})
	return b.check()
}

// leaves reports whether the records of a node go to another stage, or out of the
// job.
func (a *assembly) leaves(id int) bool {
	return slices.ContainsFunc(a.stage.Outputs, func(o scheduler.Output) bool { return o.Node == id })
}

// connect gives a node's output ports to what takes their records in this stage.
func (a *assembly) connect(b *Builder) {
	for _, port := range b.Node.Emits {
		var downs []any
		for _, id := range a.stage.Nodes {
			for _, e := range a.pipeline.Node(id).From {
				if e.Node == b.ID && e.Port == port.Name {
					downs = append(downs, a.builders[id].takes[e.To])
				}
			}
		}
		b.needed[port.Name] = len(downs) > 0
		b.downs[port.Name] = port.fan(downs)
	}
}

// buildSources makes what takes the records of an input topic, for each partition that the
// task reads. A global table has none.
func (a *assembly) buildSources(in scheduler.Input) error {
	sources := make([]loop.Source, max(1, len(in.Reads(a.task.ID))))
	for i := range sources {
		var err error
		if in.Delivery == scheduler.DeliverGlobal {
			break
		}
		if sources[i], err = a.buildSource(in); err != nil {
			return err
		}
	}
	a.logic.inputs = append(a.logic.inputs, sources)
	return nil
}

// buildSource makes what takes the records of one partition: the sources of all the nodes
// that read the topic.
func (a *assembly) buildSource(in scheduler.Input) (loop.Source, error) {
	var parts []Source
	for _, id := range in.Nodes {
		b := a.builder(id)
		if in.Joined && !in.Repartition() && in.Delivery == scheduler.DeliverPartition {
			b.Joined = in.Partitions
		}
		a.connect(b)
		s, err := b.Node.Source(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.pipeline.describe(id), err)
		}
		a.sources = append(a.sources, placed[Source]{id, s})
		parts = append(parts, s)
	}
	return joinSources(parts), nil
}
