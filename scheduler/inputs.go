package scheduler

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// checkTopics checks how a node names its topics, and the options of inputs.
func (n *Node) checkTopics() error {
	if n.Kind != KindInput {
		if len(n.Topics) > 0 || n.Pattern != "" || n.Start != 0 || n.OutOfRange != "" || n.Bootstrap || n.Priority != 0 && n.Kind != KindGenerator {
			return errors.New("only inputs have topics, a pattern, a start, a bootstrap or a priority")
		}
		return nil
	}
	if n.Topic != "" && (len(n.Topics) > 0 || n.Pattern != "") {
		return errors.New("it has both a topic and a list of topics or a pattern")
	}
	for i, topic := range n.Topics {
		if slices.Contains(n.Topics[:i], topic) {
			return fmt.Errorf("it reads topic %q twice", topic)
		}
	}
	if n.Start < StartNewest || !n.OutOfRange.known() {
		return fmt.Errorf("start %d or out-of-range policy %q is unknown", n.Start, n.OutOfRange)
	}
	if n.Pattern == "" {
		return nil
	}
	_, err := ParsePattern(n.Pattern)
	return err
}

func (o OutOfRange) known() bool {
	return o == OutOfRangeFail || o == OutOfRangeOldest || o == OutOfRangeNewest
}

// ParsePattern compiles the pattern of an input: a regular expression (RE2) that must
// match the whole name of a topic.
func ParsePattern(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

// Reads returns the first input node that reads a topic, if there is one. The topic
// needn't exist.
func (g Graph) Reads(topic string) (node int, ok bool) {
	own := g.ownTopics()
	node = slices.IndexFunc(g.Nodes, func(n Node) bool {
		if n.Kind != KindInput || n.Pattern == "" {
			return n.Kind == KindInput && slices.Contains(n.ReadTopics(), topic)
		}
		re, err := ParsePattern(n.Pattern)
		return err == nil && ValidName(topic) == nil && !own(topic) && re.MatchString(topic)
	})
	return node, node >= 0
}

// Topics lists the topics that the [Metadata] of [Build] must have: all that the
// graph reads and writes, by name. If all is true, it must have every existing
// topic, because some are read by a pattern.
func Topics(g Graph) (names []string, all bool) {
	if len(checkShape(g)) > 0 {
		return nil, false // Build says what is wrong
	}
	all = slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.Pattern != "" })
	g, _ = resolvePatterns(g, Metadata{Assumed: 1})
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Pattern == "" && (n.Kind == KindInput || n.Kind == KindOutput || n.Crosses()) {
			names = append(names, topicsOf(g, i)...)
		}
	}
	cut := cutIntoStages(g)
	if len(checkLoops(g, cut)) > 0 {
		return names, all
	}
	for _, s := range describeStages(g, orderStages(g, cut)) {
		for _, st := range s.Stores {
			names = append(names, st.Changelog)
		}
		if s.MetaTopic != "" {
			names = append(names, s.MetaTopic)
		}
	}
	names = append(names, planTopic(g.App))
	slices.Sort(names)
	return slices.Compact(names), all
}

// resolvePatterns returns the graph with the existing topics of each pattern, by
// name. If partitions are assumed and none exists, one name stands for all.
func resolvePatterns(g Graph, m Metadata) (Graph, mistakes) {
	var bad mistakes
	own := g.ownTopics()
	out := Graph{App: g.App, Nodes: slices.Clone(g.Nodes)}
	for i := range out.Nodes {
		n := &out.Nodes[i]
		if n.Pattern == "" {
			continue
		}
		re, err := ParsePattern(n.Pattern)
		if err != nil {
			bad.add(i, "input %q: %v", n.Name, err)
			continue
		}
		n.Topics = nil
		for _, topic := range slices.Sorted(maps.Keys(m.Partitions)) {
			if m.Partitions[topic] > 0 && re.MatchString(topic) && !own(topic) {
				n.Topics = append(n.Topics, topic)
			}
		}
		if len(n.Topics) > 0 {
			continue
		}
		if m.Assumed == 0 {
			bad.add(i, "input %q: no topic's whole name matches %q: create one, or fill it from a file with -feed TOPIC=FILE", n.Name, n.Pattern)
		}
		n.Topics = []string{n.Name + "..."}
	}
	return out, bad
}

// assume returns the metadata in which all inputs exist, with the assumed number of
// partitions if they don't.
func (m Metadata) assume(g Graph) Metadata {
	if m.Assumed == 0 {
		return m
	}
	out := Metadata{Partitions: maps.Clone(m.Partitions)}
	if out.Partitions == nil {
		out.Partitions = map[string]int32{}
	}
	for i := range g.Nodes {
		if g.Nodes[i].Kind != KindInput {
			continue
		}
		for _, topic := range g.Nodes[i].ReadTopics() {
			if out.Partitions[topic] == 0 {
				out.Partitions[topic] = m.Assumed
			}
		}
	}
	return out
}

// ownTopics returns a function that reports topics which no pattern matches: those
// that this app writes, its changelogs and meta topics (of former plans, too), and
// the brokers' own.
func (g Graph) ownTopics() func(topic string) bool {
	written := map[string]bool{}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Kind == KindOutput || n.Crosses() {
			written[g.OutputTopic(i)] = true
		}
	}
	return func(topic string) bool {
		kept := strings.HasPrefix(topic, g.App+"-") && (strings.HasSuffix(topic, "-changelog") || strings.HasSuffix(topic, "-meta"))
		return written[topic] || kept || topic == planTopic(g.App) || strings.HasPrefix(topic, "__")
	}
}

// checkStarts finds topics that a stage would have to read in two ways. A stage
// reads each topic once.
func checkStarts(g Graph, stages []Stage) mistakes {
	var bad mistakes
	for _, s := range stages {
		for _, in := range s.Inputs {
			first := &g.Nodes[in.Nodes[0]]
			if other := broadcastOf(g, s, in); in.Delivery == DeliverPartition && other >= 0 {
				bad.add(other, "topic %q is broadcast to the tasks of stage %q%s, which read its partitions, too%s; call PartitionBy on one of the two streams before they meet",
					in.Topic, s.Name, g.Nodes[other].at(), first.at())
			}
			for _, i := range in.Nodes[1:] {
				if n := &g.Nodes[i]; n.Start != first.Start || n.OutOfRange != first.OutOfRange {
					bad.add(i, "topic %q has another input%s, and is read once for both: it %s there, and %s here; give both the same options",
						in.Topic, first.at(), first.Starts(), n.Starts())
				}
			}
		}
	}
	return bad
}

// broadcastOf returns the node that reads the topic of an input in the same stage as
// a broadcast, -1 if there is none.
func broadcastOf(g Graph, s Stage, in Input) int {
	i := slices.IndexFunc(s.Inputs, func(o Input) bool {
		return o.Topic == in.Topic && o.Delivery == DeliverBroadcast && !g.Nodes[o.Nodes[0]].Crosses()
	})
	if i < 0 {
		return -1
	}
	return s.Inputs[i].Nodes[0]
}
