package scheduler

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/shape"
)

// What a plan has that outlives its processes: what each stage reads, writes and
// sends on, by the names that stay. The fingerprint depends on it, and package
// compare compares it.

// Serdes are those of a topic's keys and values.
type Serdes struct {
	Key, Value         string // names, for people: Go types may be renamed
	KeyForm, ValueForm shape.Form
}

func (n *Node) serdes() Serdes {
	return Serdes{n.Key, n.Value, shape.Form{Encoding: serde.Encoding(n.Key), Shape: n.KeyShape}, shape.Form{Encoding: serde.Encoding(n.Value), Shape: n.ValueShape}}
}

// Text has all that counts of the serdes, in one line.
func (s Serdes) Text() string { return s.KeyForm.KeyString() + " to " + s.ValueForm.String() }

// KeyText has all that counts of the serde of keys.
func (s Serdes) KeyText() string { return s.KeyForm.KeyString() }

// Encodings has the encodings of both, without what the types look like. Only of a
// user's serde it has the name or schema.
func (s Serdes) Encodings() string { return encoding(s.KeyForm) + " to " + encoding(s.ValueForm) }

func encoding(f shape.Form) string {
	if f.Encoding == shape.CustomEncoding {
		return f.String()
	}
	return f.Encoding
}

// addSerdes adds to a set.
func addSerdes(set []Serdes, s Serdes) []Serdes {
	if slices.ContainsFunc(set, func(o Serdes) bool { return o.Text() == s.Text() }) {
		return set
	}
	return append(set, s)
}

// String describes them for people.
func (s Serdes) String() string {
	if s.Key == "" {
		return "values " + s.Value
	}
	return "keys " + s.Key + ", values " + s.Value
}

// A Reading is what a stage reads by one name: a topic, or all topics that match
// a pattern. Several nodes may read it.
type Reading struct {
	Name       string // of the topic, or of the node with the pattern; unique among those of a stage
	Pattern    string // empty for a topic
	Topics     []string
	Partitions int32 // of the widest topic
	// Keyed says that the records reach a store of the stage: then the partition of
	// a key decides which task has its state.
	Keyed    bool
	Serdes   []Serdes
	Delivery Delivery
	Starts   string   // where it starts, for people
	Settings []string // other settings that affect results, for people
}

// Readings lists what a stage reads, but for what other stages send it.
func (p *Plan) Readings(st *Stage) []Reading {
	var out []Reading
	stateful := p.stateful(st)
	for _, in := range st.Inputs {
		if in.Repartition() {
			continue
		}
		for _, i := range in.Nodes {
			n := &p.Nodes[i]
			r := Reading{Name: in.Topic, Pattern: n.Pattern, Delivery: n.Delivery, Starts: n.Starts()}
			switch {
			case n.Pattern != "":
				r.Name = n.Name
			case n.Kind == KindGenerator:
				r.Starts = "starts at its first value"
			case n.Global(): // the tasks may read the topic as well
				r.Name = in.Topic + " of global table " + n.Name
			}
			at := slices.IndexFunc(out, func(o Reading) bool { return o.Name == r.Name && o.Pattern == r.Pattern && o.Delivery == r.Delivery })
			if at < 0 {
				at = len(out)
				out = append(out, r)
			}
			out[at].add(in, n)
			out[at].Keyed = out[at].Keyed || stateful[i] && n.Delivery == DeliverPartition
		}
	}
	return out
}

func (r *Reading) add(in Input, n *Node) {
	r.Topics = insert(r.Topics, in.Topic)
	r.Partitions = max(r.Partitions, in.Partitions)
	r.Serdes = addSerdes(r.Serdes, n.serdes())
	for _, text := range n.Settings() {
		r.Settings = insert(r.Settings, text)
	}
	if n.Bootstrap {
		r.Settings = insert(r.Settings, "bootstrap")
	}
	if n.Priority != 0 {
		r.Settings = insert(r.Settings, fmt.Sprintf("priority %d", n.Priority))
	}
}

// insert adds to a sorted set.
func insert(set []string, s string) []string {
	i, found := slices.BinarySearch(set, s)
	if found {
		return set
	}
	return slices.Insert(set, i, s)
}

// stateful finds the nodes of a stage, and the repartitions that feed it, whose
// records reach a store within the stage.
func (p *Plan) stateful(st *Stage) map[int]bool {
	reach := make(map[int]bool)
	for _, i := range slices.Backward(st.Nodes) { // each node comes after its From
		if len(p.Nodes[i].Stores) > 0 {
			reach[i] = true
		}
		if !reach[i] {
			continue
		}
		for _, f := range p.Upstream(i) {
			reach[f] = true
		}
	}
	return reach
}

// A Transfer is a repartition topic between two stages.
type Transfer struct {
	Topic      string
	Name       string // of the repartition
	From, To   string // stages
	Partitions int32
	Keyed      bool // as in [Reading]
	Serdes     Serdes
	Delivery   Delivery
}

// Transfers lists all of the plan, in the order of the stages that read them.
func (p *Plan) Transfers() []Transfer {
	var out []Transfer
	for i := range p.Stages {
		st := &p.Stages[i]
		stateful := p.stateful(st)
		for _, in := range st.Inputs {
			if !in.Repartition() {
				continue
			}
			n := &p.Nodes[in.Nodes[0]]
			from := slices.IndexFunc(p.Stages, func(w Stage) bool { return slices.Contains(w.Nodes, n.ID) })
			out = append(out, Transfer{
				Topic: in.Topic, Name: n.Name, From: p.Stages[from].Name, To: st.Name, Partitions: in.Partitions,
				Keyed: stateful[n.ID] && n.Delivery == DeliverPartition, Serdes: n.serdes(), Delivery: n.Delivery,
			})
		}
	}
	return out
}

// A Writing is a topic that a stage writes for others than the job.
type Writing struct {
	Topic      string
	Serdes     []Serdes // of all nodes that write it
	Partitions int32
}

// Writings lists what a stage writes, but for what it sends to other stages.
func (p *Plan) Writings(st *Stage) []Writing {
	var out []Writing
	for _, o := range st.Outputs {
		if o.Repartition {
			continue
		}
		at := slices.IndexFunc(out, func(w Writing) bool { return w.Topic == o.Topic })
		if at < 0 {
			at = len(out)
			t := slices.IndexFunc(p.Topics, func(t Topic) bool { return t.Name == o.Topic })
			out = append(out, Writing{Topic: o.Topic, Partitions: p.Topics[t].Partitions})
		}
		out[at].Serdes = addSerdes(out[at].Serdes, p.Nodes[o.Node].serdes())
	}
	return out
}
