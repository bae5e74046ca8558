package draw

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/phrase"
)

// A picture is what all drawings of a plan show: topics, stages with their
// operators, and arrows where records go. Most inputs and outputs aren't shown as
// operators, because their topics are.
type picture struct {
	stages []drawnStage
	items  []item
	arrows []arrow          // from one item to another
	ports  map[arrow]string // the names of ports at an arrow's ends, where they have names
}

// A drawnStage has the items of one stage.
type drawnStage struct {
	name  string
	notes []string // numbers of tasks and containers
	items []int
}

// An item is a topic or an operator.
type item struct {
	id    string // a name for drawings: t0, n3
	label string
	note  string
	stage int // -1 for a topic
	state bool
	inner bool // the job's own topic
}

type arrow struct{ from, to int }

// pictureOf makes the picture of a plan.
func pictureOf(p *scheduler.Plan) picture {
	d := drawing{picture: picture{ports: map[arrow]string{}}, plan: p, topics: map[string]int{}, nodes: make([]int, len(p.Nodes))}
	for i := range d.nodes {
		d.nodes[i] = -1
	}
	for i := range p.Stages {
		for _, in := range p.Stages[i].Inputs {
			if !in.Generator() {
				d.addTopic(in.Topic, in.Repartition())
			}
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

// A drawing is a picture under construction.
type drawing struct {
	picture
	plan   *scheduler.Plan
	topics map[string]int // topic → item
	nodes  []int          // node → item, -1 if it has none
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

// shown reports whether a node is drawn as an operator. Inputs aren't, and outputs
// only if they copy from topic to topic.
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

// addOutput adds the topic that a node writes. A topic that the job also reads is
// drawn once, unless its records lead back to the node that writes it: then it is
// drawn a second time, so that all arrows point down.
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
		d.arrowsFrom(e, d.topics[name])
	}
}

// arrowsFrom draws the arrows on which an item gets records by an edge.
func (d *drawing) arrowsFrom(e scheduler.Edge, to int) {
	node := e.Node
	switch n := &d.plan.Nodes[node]; {
	case n.Crosses():
		d.arrowOf(e, d.topics[d.plan.Graph().OutputTopic(node)], to)
	case d.nodes[node] >= 0:
		d.arrowOf(e, d.nodes[node], to)
	default: // an input that isn't shown
		for _, topic := range n.ReadTopics() {
			d.arrowOf(e, d.topics[topic], to)
		}
	}
}

// arrowOf draws the arrow of an edge, with the names of its ports.
func (d *drawing) arrowOf(e scheduler.Edge, from, to int) {
	d.arrow(from, to)
	for _, port := range []string{e.Port, e.To} {
		a := arrow{from, to}
		if known := d.ports[a]; port != "" && known == "" {
			d.ports[a] = port
		} else if port != "" && !slices.Contains(strings.Split(known, ", "), port) {
			d.ports[a] = known + ", " + port
		}
	}
}

// leadsBack reports whether records of a topic reach a node, through any stages and
// topics.
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
			d.arrowsFrom(e, d.nodes[n])
		}
	}
}

func (d *drawing) arrow(from, to int) {
	if a := (arrow{from, to}); !slices.Contains(d.arrows, a) {
		d.arrows = append(d.arrows, a)
	}
}
