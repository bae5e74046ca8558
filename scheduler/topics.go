package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// listTopics lists all topics of the stages, by name, and finds clashing names and
// existing topics that don't fit.
func listTopics(g Graph, stages []Stage, counts map[string]int32, m Metadata) ([]Topic, mistakes) {
	l := topicList{exists: m.Partitions, byName: map[string]claim{}, byAlias: map[string]string{}}
	for _, s := range stages {
		for _, in := range s.Inputs {
			if g.Nodes[in.Nodes[0]].Kind == KindInput {
				l.share(in.Nodes[0], RoleInput, in.Topic, counts)
			}
		}
	}
	for _, s := range stages {
		for _, out := range s.Outputs {
			if !out.Repartition {
				l.share(out.Node, RoleOutput, out.Topic, counts)
			}
		}
	}
	for i := range stages {
		l.addOwn(g, &stages[i], counts)
	}
	if len(stages) > 0 {
		l.put(claim{Topic{Name: planTopic(g.App), Role: RolePlan, Partitions: 1}, stages[0].Inputs[0].Nodes[0], "the record of its plan"})
	}
	for _, s := range stages {
		if r := unreadRepartition(g, s); r >= 0 {
			l.bad.add(r, "repartition %q is never used: add an operator or an output after it, or leave it out", g.Nodes[r].Name)
		}
	}
	for i := range g.Nodes {
		used := slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.ReadsFrom(i) })
		if n := &g.Nodes[i]; n.Global() && !used {
			l.bad.add(i, "global table %q is never used: look it up in an operator, or leave it out", n.Name)
		}
	}
	return l.topics(), l.bad
}

// unreadRepartition finds a repartition of the stage that no node reads, -1 if
// there is none. Its topic would grow for ever.
func unreadRepartition(g Graph, s Stage) int {
	for _, out := range s.Outputs {
		read := slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.ReadsFrom(out.Node) })
		if out.Repartition && !read {
			return out.Node
		}
	}
	return -1
}

// A topicList collects topics and mistakes.
type topicList struct {
	exists  map[string]int32
	byName  map[string]claim
	byAlias map[string]string // the name with '_' for '.' → name
	bad     mistakes
}

// A claim is a topic and the node that needs it.
type claim struct {
	Topic
	node int
	own  string // which operator or stage owns it; empty for the user's topics
}

// share adds a topic of the user, which several nodes may read and write. A topic
// that is read is an input, even if the job writes it, too.
func (l *topicList) share(node int, role Role, name string, counts map[string]int32) {
	if _, ok := l.byName[name]; ok {
		return
	}
	l.put(claim{Topic: Topic{Name: name, Role: role, Partitions: counts[name]}, node: node})
}

// addOwn adds the job's own topics of a stage.
func (l *topicList) addOwn(g Graph, s *Stage, counts map[string]int32) {
	for _, out := range s.Outputs {
		if out.Repartition {
			n := l.exists[out.Topic]
			l.put(claim{Topic{Name: out.Topic, Role: RoleRepartition, Partitions: counts[out.Topic], Grow: n > 0 && n < counts[out.Topic]},
				out.Node, fmt.Sprintf("repartition %q", g.Nodes[out.Node].Name)})
		}
	}
	for _, st := range s.Stores {
		l.put(claim{Topic{Name: st.Changelog, Role: RoleChangelog, Partitions: s.Tasks},
			st.Node, fmt.Sprintf("%s %q", g.Nodes[st.Node].Kind, g.Nodes[st.Node].Name)})
		l.checkWidth(st.Changelog, st.Node, s)
	}
	if s.MetaTopic != "" {
		grow := l.exists[s.MetaTopic] > 0 && l.exists[s.MetaTopic] < s.Tasks
		l.put(claim{Topic{Name: s.MetaTopic, Role: RoleChangelog, Partitions: s.Tasks, Grow: grow},
			s.Inputs[0].Nodes[0], fmt.Sprintf("stage %q", s.Name)})
		if !grow {
			l.checkWidth(s.MetaTopic, s.Inputs[0].Nodes[0], s)
		}
	}
}

func (l *topicList) put(c claim) {
	if len(c.Name) > maxName {
		l.bad.add(c.node, "topic %q has a name of %d characters; %d are allowed: choose shorter names", c.Name, len(c.Name), maxName)
	}
	if other, ok := l.byName[c.Name]; ok {
		l.bad.add(c.node, "%s needs topic %q for itself, but that is also %s; choose another name", c.own, c.Name, other.use())
		return
	}
	c.Create = l.exists[c.Name] <= 0
	alias := strings.ReplaceAll(c.Name, ".", "_")
	if other, ok := l.byAlias[alias]; ok && (c.Create || l.byName[other].Create) {
		l.bad.add(c.node, "topics %q and %q differ only in '.' and '_', which Kafka doesn't allow; choose another name", c.Name, other)
	}
	l.byName[c.Name], l.byAlias[alias] = c, c.Name
}

func (c claim) use() string {
	if c.own != "" {
		return "that of " + c.own
	}
	return "an " + string(c.Role)
}

// checkWidth refuses an existing topic of state that was created for another number
// of tasks: a key's state would be in another partition.
func (l *topicList) checkWidth(name string, node int, s *Stage) {
	n := l.exists[name]
	if n <= 0 || s.Tasks <= 0 || n == s.Tasks {
		return
	}
	do := fmt.Sprintf("read inputs of %d partitions again, or reset the job with this version, to start without state", n)
	if n < s.Tasks {
		do = "reset the job with this version, to start without state. If you call PartitionBy before the operators with state, inputs may grow at any time"
	}
	if name == s.MetaTopic {
		do = fmt.Sprintf("read inputs of %d partitions again, or start over under another app name (on the embedded log: in another data directory)", n)
	}
	widest := slices.MaxFunc(s.Inputs, func(a, b Input) int {
		return cmp.Or(cmp.Compare(b.Delivery, a.Delivery), cmp.Compare(a.Partitions, b.Partitions)) // those that decide come first
	})
	l.bad.add(node, "topic %q has %d partitions, but stage %q now has %d tasks, as many as its widest input, %q, has partitions: the state can't be redistributed; %s",
		name, n, s.Name, s.Tasks, widest.Topic, do)
}

func (l *topicList) topics() []Topic {
	var topics []Topic
	for _, c := range l.byName {
		topics = append(topics, c.Topic)
	}
	slices.SortFunc(topics, func(a, b Topic) int { return cmp.Compare(a.Name, b.Name) })
	return topics
}
