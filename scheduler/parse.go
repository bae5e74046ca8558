package scheduler

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// JSON is the plan's form in files. [ParsePlan] reads it.
func (p *Plan) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("plan of %s: %w", p.App, err)
	}
	return append(b, '\n'), nil
}

// ParsePlan reads a plan that [Plan.JSON] wrote, and checks it: what it refers
// to exists, so that its users needn't check again.
func ParsePlan(b []byte) (*Plan, error) {
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	switch {
	case head.Version == nil:
		return nil, errors.New("plan: it has no version; is it a plan?")
	case *head.Version > PlanVersion:
		return nil, fmt.Errorf("plan: it has version %d, and this program reads %d: use a newer program", *head.Version, PlanVersion)
	case *head.Version < 1:
		return nil, fmt.Errorf("plan: there is no version %d", *head.Version)
	}
	var p Plan
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("plan of %q: %w", p.App, err)
	}
	return &p, nil
}

// check finds what no plan that Build makes has.
func (p *Plan) check() error {
	if bad := slices.Concat(checkShape(p.Graph()), checkNames(p.Graph())); len(bad) > 0 {
		return bad.err(p.Graph())
	}
	if len(p.Stages) == 0 {
		return errors.New("it has no stages")
	}
	topics := map[string]bool{}
	for _, t := range p.Topics {
		if t.Partitions < 1 || topics[t.Name] {
			return fmt.Errorf("topic %q is there twice or has no partitions", t.Name)
		}
		topics[t.Name] = true
	}
	homes := map[int]string{}
	for i := range p.Stages {
		s := &p.Stages[i]
		if err := p.checkStage(s, topics); err != nil {
			return fmt.Errorf("stage %q: %w", s.Name, err)
		}
		for _, n := range s.Nodes {
			if home, ok := homes[n]; ok {
				return fmt.Errorf("node %d is in stage %q and in stage %q", n, home, s.Name)
			}
			homes[n] = s.Name
		}
	}
	if len(homes) != len(p.Nodes) {
		return fmt.Errorf("%d of its %d nodes are in no stage", len(p.Nodes)-len(homes), len(p.Nodes))
	}
	if want := fingerprint(p); p.Fingerprint != want {
		return fmt.Errorf("its fingerprint is %q, not %s: it was changed by hand", p.Fingerprint, want)
	}
	return nil
}

func (p *Plan) checkStage(s *Stage, topics map[string]bool) error {
	if s.Tasks < 1 || s.Containers < 1 || s.Containers > int(s.Tasks) {
		return fmt.Errorf("%d tasks can't run in %d containers", s.Tasks, s.Containers)
	}
	if len(s.Inputs) == 0 || !slices.IsSorted(s.Nodes) {
		return errors.New("it has no inputs, or its nodes aren't in order")
	}
	nodes, needs := slices.Clone(s.Nodes), []string{}
	for _, in := range s.Inputs {
		if len(in.Nodes) == 0 || in.Partitions < 1 || in.Partitions > s.Tasks {
			return fmt.Errorf("input %q has %d partitions and %d nodes", in.Topic, in.Partitions, len(in.Nodes))
		}
		nodes, needs = append(nodes, in.Nodes...), append(needs, in.Topic)
	}
	for _, out := range s.Outputs {
		nodes, needs = append(nodes, out.Node), append(needs, out.Topic)
	}
	for _, st := range s.Stores {
		nodes, needs = append(nodes, st.Node), append(needs, st.Changelog)
	}
	if s.MetaTopic != "" {
		needs = append(needs, s.MetaTopic)
	}
	if i := slices.IndexFunc(nodes, func(n int) bool { return n < 0 || n >= len(p.Nodes) }); i >= 0 {
		return fmt.Errorf("there is no node %d", nodes[i])
	}
	if i := slices.IndexFunc(needs, func(t string) bool { return !topics[t] }); i >= 0 {
		return fmt.Errorf("topic %q isn't among the plan's", needs[i])
	}
	return nil
}
