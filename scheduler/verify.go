package scheduler

import (
	"errors"
	"fmt"
	"slices"
)

// verify checks what holds for every plan that Build makes, and what users of a plan
// rely on.
func (p *Plan) verify() error {
	if err := p.verifyParts(); err != nil {
		return err
	}
	if want := fingerprint(p); p.Fingerprint != want {
		return fmt.Errorf("its fingerprint is %q, not %s: it was changed by hand", p.Fingerprint, want)
	}
	return nil
}

func (p *Plan) verifyParts() error {
	g := p.Graph()
	if bad := slices.Concat(checkShape(g), checkNames(g)); len(bad) > 0 {
		return bad.err(g)
	}
	v := verifier{p, map[string]Topic{}, map[int]int{}, map[string]int32{}}
	if err := v.topicsAndNodes(); err != nil {
		return err
	}
	for i := range p.Stages {
		if err := v.stage(&p.Stages[i]); err != nil {
			return fmt.Errorf("stage %q: %w", p.Stages[i].Name, err)
		}
	}
	return nil
}

type verifier struct {
	*Plan
	topics  map[string]Topic
	home    map[int]int      // node → its stage
	writers map[string]int32 // repartition topic → the tasks of the stage that writes it, once that was checked
}

// topicsAndNodes checks that each topic occurs once, and each node in one stage, as
// do the nodes that it is connected to.
func (v *verifier) topicsAndNodes() error {
	for _, t := range v.Topics {
		if _, twice := v.topics[t.Name]; twice || t.Partitions < 1 {
			return fmt.Errorf("topic %q occurs twice, or has no partitions", t.Name)
		}
		v.topics[t.Name] = t
	}
	names := map[string]bool{}
	for i, s := range v.Stages {
		if names[s.Name] || !slices.IsSorted(s.Nodes) {
			return fmt.Errorf("stage %q occurs twice, or its nodes aren't in order", s.Name)
		}
		names[s.Name] = true
		for _, n := range s.Nodes {
			if other, twice := v.home[n]; twice {
				return fmt.Errorf("node %d is in stage %q and in stage %q", n, v.Stages[other].Name, s.Name)
			}
			if n < 0 || n >= len(v.Nodes) {
				return fmt.Errorf("stage %q: there is no node %d", s.Name, n)
			}
			v.home[n] = i
		}
	}
	return v.homes()
}

// homes checks that each node is in one stage, except global tables, and that only
// repartitions lead from one stage to another.
func (v *verifier) homes() error {
	outside := 0
	for i := range v.Nodes {
		if _, inside := v.home[i]; v.Nodes[i].Global() {
			if inside {
				return fmt.Errorf("node %d is a global table and in a stage", i)
			}
			outside++
		}
	}
	if missing := len(v.Nodes) - outside - len(v.home); missing > 0 {
		return fmt.Errorf("%d of its %d nodes are in no stage", missing, len(v.Nodes))
	}
	for _, n := range v.Nodes {
		for _, f := range v.Graph().upstream(n.ID) {
			if !v.Nodes[f].Crosses() && v.home[f] != v.home[n.ID] {
				return fmt.Errorf("nodes %d and %d are in different stages, with no repartition between them", f, n.ID)
			}
		}
	}
	return nil
}

// stage checks one stage. The stages before it were checked.
func (v *verifier) stage(s *Stage) error {
	widest := int32(0)
	for _, in := range s.Inputs {
		if err := v.input(in); err != nil {
			return err
		}
		if in.Delivery == DeliverPartition {
			widest = max(widest, in.Partitions)
		} else if in.Delivery != DeliverGlobal {
			widest = max(widest, 1)
		}
	}
	for _, n := range s.Nodes {
		if err := v.isRead(s, n); err != nil {
			return err
		}
	}
	if s.Tasks < 1 || s.Tasks != widest || s.Containers < 1 || s.Containers > int(s.Tasks) {
		return fmt.Errorf("its widest input has %d partitions, which doesn't make %d tasks in %d containers", widest, s.Tasks, s.Containers)
	}
	for _, out := range s.Outputs {
		if err := v.output(s, out); err != nil {
			return err
		}
	}
	return v.state(s)
}

// state checks the stores of a stage, and where its meta records are.
func (v *verifier) state(s *Stage) error {
	if (s.MetaTopic == "") != (len(s.Stores) > 0) {
		return errors.New("its meta records must be either in stores or in a meta topic")
	}
	for _, st := range s.Stores {
		if !slices.Contains(s.Nodes, st.Node) || st.Index < 0 || st.Index >= len(v.Nodes[st.Node].Stores) || v.Nodes[st.Node].storeName(st.Index) != st.Name {
			return fmt.Errorf("store %q isn't that of node %d", st.Name, st.Node)
		}
		if err := v.topic(st.Changelog, s.Tasks); err != nil {
			return err
		}
	}
	if s.MetaTopic != "" {
		return v.topic(s.MetaTopic, s.Tasks)
	}
	return nil
}

func (v *verifier) input(in Input) error {
	if len(in.Nodes) == 0 {
		return fmt.Errorf("nothing reads input %q", in.Topic)
	}
	for _, n := range in.Nodes {
		if n < 0 || n >= len(v.Nodes) {
			return fmt.Errorf("there is no node %d", n)
		}
		if !slices.Contains(topicsOf(v.Graph(), n), in.Topic) || v.Nodes[n].Crosses() != in.Repartition() || !v.Nodes[n].isSource() && !in.Repartition() {
			return fmt.Errorf("node %d doesn't belong to input %q", n, in.Topic)
		}
	}
	if err := v.delivery(in); err != nil {
		return err
	}
	if n := &v.Nodes[in.Nodes[0]]; in.Start != n.Start || in.OutOfRange != n.OutOfRange {
		return fmt.Errorf("input %q doesn't start where node %d says", in.Topic, n.ID)
	}
	if in.Grown < 0 || in.Grown > in.Partitions {
		return fmt.Errorf("input %q has %d partitions, of which %d can't be new", in.Topic, in.Partitions, in.Grown)
	}
	if in.Producers != v.writers[in.Topic] {
		return fmt.Errorf("input %q is written by %d tasks of upstream stages, not by %d", in.Topic, v.writers[in.Topic], in.Producers)
	}
	if in.Generator() && in.Partitions == 1 {
		return nil
	}
	return v.topic(in.Topic, in.Partitions)
}

// delivery checks that an input is delivered, and read first, as its nodes say.
func (v *verifier) delivery(in Input) error {
	bootstrap, priority := false, v.Nodes[in.Nodes[0]].Priority
	for _, n := range in.Nodes {
		if v.Nodes[n].Delivery != in.Delivery {
			return fmt.Errorf("input %q isn't delivered as its node %d says", in.Topic, n)
		}
		bootstrap, priority = bootstrap || v.Nodes[n].Bootstrap, max(priority, v.Nodes[n].Priority)
	}
	if in.Bootstrap != bootstrap || in.Priority != priority {
		return fmt.Errorf("input %q doesn't have the bootstrap and priority of its nodes", in.Topic)
	}
	return nil
}

// isRead checks that a stage reads all topics of an input node, and those of the
// global tables that a node looks up.
func (v *verifier) isRead(s *Stage, node int) error {
	for _, e := range v.Nodes[node].From {
		if v.Nodes[e.Node].Global() {
			if err := v.isRead(s, e.Node); err != nil {
				return err
			}
		}
	}
	if !v.Nodes[node].isSource() {
		return nil
	}
	for _, topic := range v.Nodes[node].ReadTopics() {
		read := slices.ContainsFunc(s.Inputs, func(in Input) bool { return in.Topic == topic && slices.Contains(in.Nodes, node) })
		if !read {
			return fmt.Errorf("topic %q of node %d isn't an input of the stage", topic, node)
		}
	}
	return nil
}

func (v *verifier) output(s *Stage, out Output) error {
	if !slices.Contains(s.Nodes, out.Node) {
		return fmt.Errorf("it has no node %d", out.Node)
	}
	n := &v.Nodes[out.Node]
	if v.Graph().OutputTopic(out.Node) != out.Topic || n.Crosses() != out.Repartition || n.Kind != KindOutput && !out.Repartition {
		return fmt.Errorf("node %d doesn't write %q", out.Node, out.Topic)
	}
	if out.Repartition {
		v.writers[out.Topic] = s.Tasks
	}
	return v.topic(out.Topic, v.topics[out.Topic].Partitions)
}

func (v *verifier) topic(name string, partitions int32) error {
	t, ok := v.topics[name]
	if !ok {
		return fmt.Errorf("topic %q isn't among the plan's", name)
	}
	if t.Partitions != partitions {
		return fmt.Errorf("topic %q has %d partitions, not %d", name, t.Partitions, partitions)
	}
	return nil
}
