package scheduler

import "slices"

// RecordTopic is the topic in which the plan of a job that runs is recorded.
func (p *Plan) RecordTopic() string { return planTopic(p.App) }

// GoOn returns the plan as it is for a job that goes on: what has come since an earlier
// plan of the job to the inputs that both read is known to be new. The earlier one
// has gone on itself, from the plans before it.
func (p *Plan) GoOn(earlier *Plan) *Plan {
	was := side{earlier}
	now := *p
	now.Stages = slices.Clone(p.Stages)
	for i := range now.Stages {
		st := &now.Stages[i]
		before := was.stage(st.Name)
		if before == nil {
			continue // it is new, and starts where its inputs say
		}
		st.Inputs = slices.Clone(st.Inputs)
		for j := range st.Inputs {
			if in := &st.Inputs[j]; !in.Repartition() {
				in.Grown = grown(in, now.patterns(in), before, was)
			}
		}
	}
	return &now
}

// grown is how many of an input's partitions have come since an earlier plan of its stage.
func grown(in *Input, patterns []string, before *Stage, was side) int32 {
	if i := slices.IndexFunc(before.Inputs, func(o Input) bool { return o.Topic == in.Topic }); i >= 0 {
		old := before.Inputs[i]
		return max(0, in.Partitions-(old.Partitions-old.Grown))
	}
	for _, o := range before.Inputs {
		if slices.ContainsFunc(was.patterns(&o), func(p string) bool { return slices.Contains(patterns, p) }) {
			return in.Partitions // another topic of the pattern was there
		}
	}
	return 0
}

// patterns are those that an input matches.
func (p *Plan) patterns(in *Input) []string {
	var out []string
	for _, n := range in.Nodes {
		if pattern := p.Nodes[n].Pattern; pattern != "" && !slices.Contains(out, pattern) {
			out = append(out, pattern)
		}
	}
	return out
}
