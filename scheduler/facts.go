package scheduler

import (
	"fmt"
	"slices"
	"strings"
)

// What a plan has that outlives the process, as [Compare] and the fingerprint see
// it: what each stage reads, writes and keeps, by the names that stay.

// A side is a plan that is looked at in this way.
type side struct{ *Plan }

// stage returns the stage of that name, nil if there is none.
func (s side) stage(name string) *Stage {
	if i := slices.IndexFunc(s.Stages, func(st Stage) bool { return st.Name == name }); i >= 0 {
		return &s.Stages[i]
	}
	return nil
}

// store finds a store by its name, and the stage that has it.
func (s side) store(name string) (*Stage, *Store) {
	for i := range s.Stages {
		st := &s.Stages[i]
		if j := slices.IndexFunc(st.Stores, func(o Store) bool { return o.Name == name }); j >= 0 {
			return st, &st.Stores[j]
		}
	}
	return nil, nil
}

// serdes are those of a topic's keys and values.
type serdes struct{ key, value string }

func (n *Node) serdes() serdes { return serdes{n.Key, n.Value} }

func (s serdes) String() string {
	if s.key == "" {
		return "values " + s.value
	}
	return "keys " + s.key + ", values " + s.value
}

// A reading is what a stage reads by one name: a topic, or all that match a
// pattern. Several nodes may do that.
type reading struct {
	name       string
	pattern    string // empty of a topic that is named
	topics     []string
	partitions int32 // of the widest
	keyed      bool  // the records reach a store of the stage, so that keys are at home in partitions
	serdes     []serdes
	delivery   Delivery
	starts     string
	settings   []string
}

// readings are what a stage reads that isn't the job's own traffic.
func (s side) readings(st *Stage) []reading {
	var out []reading
	stateful := s.stateful(st)
	for _, in := range st.Inputs {
		if in.Repartition() {
			continue
		}
		for _, i := range in.Nodes {
			n := &s.Nodes[i]
			r := reading{name: in.Topic, pattern: n.Pattern, delivery: n.Delivery, starts: n.starts()}
			if n.Pattern != "" {
				r.name = n.Name
			}
			at := slices.IndexFunc(out, func(o reading) bool { return o.name == r.name && o.pattern == r.pattern && o.delivery == r.delivery })
			if at < 0 {
				at = len(out)
				out = append(out, r)
			}
			out[at].add(in, n)
			out[at].keyed = out[at].keyed || stateful[i] && n.Delivery == DeliverPartition
		}
	}
	return out
}

func (r *reading) add(in Input, n *Node) {
	r.topics = enter(r.topics, in.Topic)
	r.partitions = max(r.partitions, in.Partitions)
	if !slices.Contains(r.serdes, n.serdes()) {
		r.serdes = append(r.serdes, n.serdes())
	}
	for _, text := range paramTexts(n) {
		r.settings = enter(r.settings, text)
	}
	if n.Bootstrap {
		r.settings = enter(r.settings, "bootstrap")
	}
	if n.Priority != 0 {
		r.settings = enter(r.settings, fmt.Sprintf("priority %d", n.Priority))
	}
}

// stateful finds the nodes of a stage, and the repartitions that feed it, whose
// records reach a store within it.
func (s side) stateful(st *Stage) map[int]bool {
	reach := make(map[int]bool)
	for _, i := range slices.Backward(st.Nodes) { // each node comes after its From
		if len(s.Nodes[i].Stores) > 0 {
			reach[i] = true
		}
		if !reach[i] {
			continue
		}
		for _, f := range s.Graph().upstream(i) {
			reach[f] = true
		}
	}
	return reach
}

// in finds what has the same name, and is a topic, or a pattern, as well.
func (r *reading) in(others []reading) *reading {
	i := slices.IndexFunc(others, func(o reading) bool {
		return o.name == r.name && (o.pattern == "") == (r.pattern == "") && (o.delivery == DeliverGlobal) == (r.delivery == DeliverGlobal)
	})
	if i < 0 {
		return nil
	}
	return &others[i]
}

func (r *reading) describe() string {
	text := texts(r.serdes)
	if r.pattern != "" {
		text = fmt.Sprintf("topics that match %q, %s", r.pattern, text)
	}
	switch r.delivery {
	case DeliverBroadcast:
		text = "broadcast to all tasks, " + text
	case DeliverGlobal:
		text = "a global table, " + text
	case DeliverPartition:
	}
	return text
}

// A crossing is a repartition topic between two stages.
type crossing struct {
	topic      string
	name       string // the user's
	from, to   string // stages
	partitions int32
	keyed      bool // the records reach a store of the stage
	serdes     serdes
	delivery   Delivery
}

// crossings are all of the plan, in the order of the stages that read them.
func (s side) crossings() []crossing {
	var out []crossing
	for i := range s.Stages {
		st := &s.Stages[i]
		stateful := s.stateful(st)
		for _, in := range st.Inputs {
			if !in.Repartition() {
				continue
			}
			n := &s.Nodes[in.Nodes[0]]
			from := slices.IndexFunc(s.Stages, func(w Stage) bool { return slices.Contains(w.Nodes, n.ID) })
			out = append(out, crossing{in.Topic, n.Name, s.Stages[from].Name, st.Name, in.Partitions, stateful[n.ID] && n.Delivery == DeliverPartition, n.serdes(), n.Delivery})
		}
	}
	return out
}

// written is a topic that a stage writes for others.
type written struct {
	topic      string
	serdes     []serdes // of all nodes that write it
	partitions int32
}

func (s side) written(st *Stage) []written {
	var out []written
	for _, o := range st.Outputs {
		if o.Repartition {
			continue
		}
		at := slices.IndexFunc(out, func(w written) bool { return w.topic == o.Topic })
		if at < 0 {
			at = len(out)
			t := slices.IndexFunc(s.Topics, func(t Topic) bool { return t.Name == o.Topic })
			out = append(out, written{topic: o.Topic, partitions: s.Topics[t].Partitions})
		}
		if n := &s.Nodes[o.Node]; !slices.Contains(out[at].serdes, n.serdes()) {
			out[at].serdes = append(out[at].serdes, n.serdes())
		}
	}
	return out
}

// enter adds to a sorted set.
func enter(set []string, s string) []string {
	i, found := slices.BinarySearch(set, s)
	if found {
		return set
	}
	return slices.Insert(set, i, s)
}

// texts are serdes for people, in a fixed order.
func texts(all []serdes) string {
	var out []string
	for _, s := range all {
		out = enter(out, s.String())
	}
	return strings.Join(out, "; ")
}

// text names a delivery.
func (d Delivery) text() string {
	if d == DeliverBroadcast {
		return "broadcast to all tasks"
	}
	return "each record to one task"
}
