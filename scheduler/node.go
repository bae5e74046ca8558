package scheduler

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Crosses reports whether the node's records leave the stage. A repartition to the
// key that the stream already has is planned away: it passes them on.
func (n *Node) Crosses() bool { return n.Kind == KindRepartition && !n.SameKey }

// Global reports whether the node is a global table, which belongs to no stage.
func (n *Node) Global() bool { return n.Delivery == DeliverGlobal }

// isSource reports whether the node's records come from outside the job.
func (n *Node) isSource() bool { return n.Kind == KindInput || n.Kind == KindGenerator }

// ReadsFrom reports whether an edge leads from another node to this one.
func (n *Node) ReadsFrom(node int) bool {
	return slices.ContainsFunc(n.From, func(e Edge) bool { return e.Node == node })
}

// generatorPrefix isn't possible in the name of a topic.
const generatorPrefix = "generator:"

// GeneratorOf returns the name of the generator for which an input stands, by the topic of
// the input. Such an input is no topic: nothing in the log has its name.
func GeneratorOf(topic string) (name string, ok bool) {
	return strings.CutPrefix(topic, generatorPrefix)
}

// ReadTopics are the topics of an input, once its pattern is resolved.
func (n *Node) ReadTopics() []string {
	if n.Kind == KindGenerator {
		return []string{generatorPrefix + n.StateName()}
	}
	if n.Topic == "" && (n.Pattern != "" || len(n.Topics) > 0) {
		return n.Topics
	}
	return []string{n.Topic}
}

// Starts says, for people, where an input starts, and where it continues if the next
// record is gone.
func (n *Node) Starts() string {
	text := "starts at "
	switch n.Start {
	case 0:
		text += "the oldest record"
	case StartNewest:
		text += "the end"
	default:
		text += instant(n.Start)
	}
	switch n.OutOfRange {
	case OutOfRangeOldest:
		text += ", continues at the oldest record if the next one is gone"
	case OutOfRangeNewest:
		text += ", continues at the end if the next record is gone"
	case OutOfRangeFail:
	}
	return text
}

// Settings describes the node's parameters for people, but for those that are
// for display alone.
func (n *Node) Settings() []string {
	var texts []string
	for _, p := range n.Params {
		if p.Affects != AffectsDisplay {
			texts = append(texts, p.Name+" "+p.Value)
		}
	}
	return texts
}

// storeName is the name of a node's store: the node's, with the store's own behind
// it if it has one.
func (n *Node) storeName(i int) string { return n.nameStore(n.Name, i) }

// StateName is the name under which the state of a node is kept: its name, unless it was
// renamed.
func (n *Node) StateName() string { return cmp.Or(n.KeptAs, n.Name) }

// Changelogs lists the changelogs of a node whose state is kept under a name.
func (n *Node) Changelogs(app, name string) []string {
	topics := make([]string, len(n.Stores))
	for i := range n.Stores {
		topics[i] = changelogTopic(app, n.nameStore(name, i))
	}
	return topics
}

func (n *Node) nameStore(node string, i int) string {
	if own := n.Stores[i].Name; own != "" {
		return node + "-" + own
	}
	return node
}

// at is where the user's call is, for the middle of a sentence.
func (n *Node) at() string {
	if n.At == "" {
		return ""
	}
	return ", at " + n.At
}

// Upstream lists the nodes that a node's records come from, each once. Global
// tables aren't among them: their records don't flow.
func (p *Plan) Upstream(node int) []int { return p.Graph().upstream(node) }

func (g Graph) upstream(node int) []int {
	var from []int
	for _, e := range g.Nodes[node].From {
		if !g.Nodes[e.Node].Global() && !slices.Contains(from, e.Node) {
			from = append(from, e.Node)
		}
	}
	return from
}

func cloneNodes(nodes []Node) []Node {
	out := slices.Clone(nodes)
	for i := range out {
		n := &out[i]
		n.From = slices.Clone(n.From)
		n.Topics = slices.Clone(n.Topics)
		n.Params = slices.Clone(n.Params)
		n.KeyShape, n.ValueShape = n.KeyShape.Clone(), n.ValueShape.Clone()
		n.Stores = slices.Clone(n.Stores)
		for j := range n.Stores {
			s := &n.Stores[j]
			s.Params = maps.Clone(s.Params)
			s.KeyShape, s.ValueShape = s.KeyShape.Clone(), s.ValueShape.Clone()
			s.Upgrades = slices.Clone(s.Upgrades)
		}
	}
	return out
}
