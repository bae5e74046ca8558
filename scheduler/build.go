package scheduler

import "slices"

// Build makes the plan of a graph. If the graph has mistakes, it returns all of
// them together, in the order of the user's calls, each with its file:line. The
// plan shares no memory with the graph.
func Build(g Graph, m Metadata, o Options) (*Plan, error) {
	if bad := checkShape(g); len(bad) > 0 {
		return nil, bad.err(g) // other checks rely on the shape
	}
	bad := slices.Concat(checkNames(g), checkOptions(o))

	// What is read.
	g, unmatched := resolvePatterns(g, m)
	if len(unmatched) > 0 {
		return nil, slices.Concat(bad, unmatched).err(g)
	}
	m = m.assume(g)

	// What runs together.
	cut := cutIntoStages(g)
	if loops := checkLoops(g, cut); len(loops) > 0 {
		return nil, slices.Concat(bad, loops).err(g)
	}
	stages := describeStages(g, orderStages(g, cut))
	bad = slices.Concat(bad, checkStarts(g, stages), checkStageContainers(stages, o))

	// How wide it is.
	counts, missing := countPartitions(g, stages, m, o)
	stages = sizeStages(stages, counts, o)

	// What it needs.
	topics, clashes := listTopics(g, stages, counts, m)
	if bad = slices.Concat(bad, missing, clashes); len(bad) > 0 {
		return nil, bad.err(g)
	}
	p := &Plan{Version: PlanVersion, App: g.App, Stages: stages, Topics: topics, Nodes: cloneNodes(g.Nodes)}
	p.Fingerprint = fingerprint(p)
	return p, nil
}

// Graph returns the pipeline of the plan.
func (p *Plan) Graph() Graph { return Graph{App: p.App, Nodes: p.Nodes} }
