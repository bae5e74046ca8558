package scheduler

import "slices"

// RecordTopic is the topic in which the plans of an app are recorded.
func RecordTopic(app string) string { return planTopic(app) }

// GoOn returns the plan for a job that continues from an earlier plan. In the inputs
// that both read, it marks the partitions that are new since then.
// The earlier plan must itself be the result of GoOn, unless it was the first.
func (p *Plan) GoOn(earlier *Plan) *Plan {
	now := *p
	now.Stages = slices.Clone(p.Stages)
	for i := range now.Stages {
		st := &now.Stages[i]
		before := slices.IndexFunc(earlier.Stages, func(s Stage) bool { return s.Name == st.Name })
		if before < 0 {
			continue // the stage is new, and starts where its inputs say
		}
		st.Inputs = slices.Clone(st.Inputs)
		for j := range st.Inputs {
			if in := &st.Inputs[j]; !in.Repartition() {
				in.Grown = earlier.grown(&earlier.Stages[before], in, now.patterns(in))
			}
		}
	}
	return &now
}

// grown returns how many of an input's partitions are new since this plan, in
// which before is the input's stage.
func (p *Plan) grown(before *Stage, in *Input, patterns []string) int32 {
	i := slices.IndexFunc(before.Inputs, func(o Input) bool { return o.Topic == in.Topic && o.Delivery == in.Delivery })
	if i >= 0 {
		old := before.Inputs[i]
		return max(0, in.Partitions-(old.Partitions-old.Grown))
	}
	for _, o := range before.Inputs {
		if slices.ContainsFunc(p.patterns(&o), func(pattern string) bool { return slices.Contains(patterns, pattern) }) {
			return in.Partitions // the stage read another topic of the pattern
		}
	}
	return 0
}

// patterns lists the patterns that the topic of an input matches.
func (p *Plan) patterns(in *Input) []string {
	var out []string
	for _, n := range in.Nodes {
		if pattern := p.Nodes[n].Pattern; pattern != "" && !slices.Contains(out, pattern) {
			out = append(out, pattern)
		}
	}
	return out
}
