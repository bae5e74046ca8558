package draw

import (
	"slices"
	"strconv"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/phrase"
)

// A picture is what all drawings of a plan show: topics, stages with their
// operators, and the ways of records between them. Inputs and most outputs
// aren't shown as operators: their topics are.
type picture struct {
	stages []drawnStage
	items  []item
	arrows []arrow // from one item to another
}

// A drawnStage has the items of one stage.
type drawnStage struct {
	name  string
	notes []string // how wide it is
	items []int
}

// An item is a topic or an operator.
type item struct {
	id    string // a name that drawings can use: t0, n3
	label string
	note  string
	stage int // -1: a topic
	state bool
	inner bool // a topic of the job's own
}

type arrow struct{ from, to int }

// draw makes the picture of a plan.
func pictureOf(p *scheduler.Plan) picture {
	d := drawing{plan: p, topics: map[string]int{}, nodes: make([]int, len(p.Nodes))}
	for i := range d.nodes {
		d.nodes[i] = -1
	}
	for i := range p.Stages {
		for _, in := range p.Stages[i].Inputs {
			d.addTopic(in.Topic, in.Repartition())
		}
		d.addStage(i)
	}
	for i := range p.Stages {
		for _, out := range p.Stages[i].Outputs {
			d.addOutput(out)
		}
	}
	d.connect()
	return d.picture
}

// A drawing is a picture in the making.
type drawing struct {
	picture
	plan   *scheduler.Plan
	topics map[string]int // item of a topic
	nodes  []int          // item of a node, -1 if it has none
}

func (d *drawing) add(it item) int {
	d.items = append(d.items, it)
	return len(d.items) - 1
}

func (d *drawing) addTopic(name string, inner bool) {
	if _, ok := d.topics[name]; !ok {
		d.topics[name] = d.add(item{id: "t" + strconv.Itoa(len(d.topics)), label: name, note: d.partitions(name), stage: -1, inner: inner})
	}
}

func (d *drawing) partitions(topic string) string {
	i := slices.IndexFunc(d.plan.Topics, func(t scheduler.Topic) bool { return t.Name == topic })
	if i < 0 {
		return ""
	}
	return phrase.Count(d.plan.Topics[i].Partitions, "partition")
}

// addStage adds a stage and its operators.
func (d *drawing) addStage(i int) {
	s := &d.plan.Stages[i]
	stage := drawnStage{name: s.Name, notes: []string{phrase.Count(s.Tasks, "task"), phrase.Count(s.Containers, "container")}}
	shown := slices.DeleteFunc(slices.Clone(s.Nodes), func(n int) bool { return !d.shown(n) })
	if len(shown) == 0 {
		shown = s.Nodes // inputs that nothing follows
	}
	for _, n := range shown {
		node := &d.plan.Nodes[n]
		d.nodes[n] = d.add(item{id: "n" + strconv.Itoa(n), label: labelOf(node), note: noteOf(node), stage: i, state: len(node.Stores) > 0})
		stage.items = append(stage.items, d.nodes[n])
	}
	d.stages = append(d.stages, stage)
}

// shown tells whether a node is drawn as an operator. Of inputs and outputs it
// is only an output that copies from topic to topic.
func (d *drawing) shown(node int) bool {
	n := &d.plan.Nodes[node]
	if n.Kind != scheduler.KindOutput {
		return n.Kind != scheduler.KindInput
	}
	return slices.ContainsFunc(n.From, func(e scheduler.Edge) bool {
		from := &d.plan.Nodes[e.Node]
		return from.Kind == scheduler.KindInput || from.Crosses()
	})
}

// addOutput adds the topic that a node writes. One that the job reads is one
// item with it, unless records would come back to where they were written: then
// it is drawn a second time, so that all arrows point onward.
func (d *drawing) addOutput(out scheduler.Output) {
	name := out.Topic
	if read, ok := d.topics[name]; ok && !out.Repartition && d.leadsBack(read, out.Node) {
		name += " (again)"
		if _, ok := d.topics[name]; !ok {
			d.topics[name] = d.add(item{id: "t" + strconv.Itoa(len(d.topics)), label: out.Topic, note: "read above", stage: -1})
		}
	}
	d.addTopic(name, false)
	if d.nodes[out.Node] >= 0 {
		d.arrow(d.nodes[out.Node], d.topics[name])
		return
	}
	for _, e := range d.plan.Nodes[out.Node].From {
		d.arrowsFrom(e.Node, d.topics[name])
	}
}

// arrowsFrom draws the ways on which an item gets a node's records.
func (d *drawing) arrowsFrom(node, to int) {
	switch n := &d.plan.Nodes[node]; {
	case n.Crosses():
		d.arrow(d.topics[d.plan.Graph().OutputTopic(node)], to)
	case d.nodes[node] >= 0:
		d.arrow(d.nodes[node], to)
	default: // an input that isn't shown
		for _, topic := range n.ReadTopics() {
			d.arrow(d.topics[topic], to)
		}
	}
}

// leadsBack tells whether records of a topic that is read reach a node, on any
// way through stages and topics.
func (d *drawing) leadsBack(topic, node int) bool {
	readers := map[string][]int{}
	writer := map[int]string{}
	for _, s := range d.plan.Stages {
		for _, in := range s.Inputs {
			readers[in.Topic] = append(readers[in.Topic], in.Nodes...)
		}
		for _, out := range s.Outputs {
			writer[out.Node] = out.Topic
		}
	}
	seen := slices.Clone(readers[d.items[topic].label])
	for i := 0; i < len(seen); i++ {
		if seen[i] == node {
			return true
		}
		on := slices.Clone(readers[writer[seen[i]]])
		for n := range d.plan.Nodes {
			if d.plan.Nodes[n].ReadsFrom(seen[i]) {
				on = append(on, n)
			}
		}
		for _, n := range on {
			if !slices.Contains(seen, n) {
				seen = append(seen, n)
			}
		}
	}
	return false
}

// connect draws the arrows to operators.
func (d *drawing) connect() {
	for n := range d.plan.Nodes {
		if d.nodes[n] < 0 {
			continue
		}
		if d.plan.Nodes[n].Kind == scheduler.KindInput {
			for _, topic := range d.plan.Nodes[n].ReadTopics() {
				d.arrow(d.topics[topic], d.nodes[n])
			}
		}
		for _, e := range d.plan.Nodes[n].From {
			d.arrowsFrom(e.Node, d.nodes[n])
		}
	}
}

func (d *drawing) arrow(from, to int) {
	if a := (arrow{from, to}); !slices.Contains(d.arrows, a) {
		d.arrows = append(d.arrows, a)
	}
}
