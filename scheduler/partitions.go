package scheduler

import (
	"fmt"
	"slices"
	"strings"
)

// MaxPartitions bounds [Options.Partitions]. Each partition is a task, with a database if
// it has state.
const MaxPartitions = 10_000

// countPartitions finds the number of partitions of each topic that a stage
// reads or writes. An existing topic keeps its number. A topic that the job creates
// gets the number of the topics that it meets in a store, else the user's setting,
// else the number of tasks of the widest stage that writes it.
func countPartitions(g Graph, stages []Stage, m Metadata, o Options) (map[string]int32, mistakes) {
	c := counter{
		meets:      meetings(g, stages),
		asked:      o.Partitions,
		exists:     m.Partitions,
		counts:     map[string]int32{},
		broadcasts: map[string]Stage{},
	}
	for _, s := range stages {
		for _, in := range s.Inputs {
			if in.Delivery == DeliverBroadcast && g.Nodes[in.Nodes[0]].Crosses() {
				c.broadcasts[in.Topic] = s
			}
		}
	}
	for _, s := range stages {
		for _, in := range s.Inputs {
			c.know(in.Topic)
		}
		for _, out := range s.Outputs {
			c.know(out.Topic)
		}
	}
	for c.advance(stages) {
	}
	return c.counts, slices.Concat(c.checkMissing(g, stages), c.checkMeetings())
}

// A counter holds the numbers that are known so far.
type counter struct {
	meets      []meeting
	asked      int32
	exists     map[string]int32
	counts     map[string]int32
	broadcasts map[string]Stage // by the topic of a broadcast repartition: the stage that reads it
}

// know sets the number of a topic that exists. Those of broadcasts follow the
// stage that reads them.
func (c *counter) know(topic string) {
	if _, broadcast := c.broadcasts[topic]; !broadcast && c.exists[topic] > 0 {
		c.counts[topic] = c.exists[topic]
	}
}

// advance finds the numbers that follow from known ones, and reports whether it
// found any.
func (c *counter) advance(stages []Stage) bool {
	found := false
	for _, s := range stages {
		for _, out := range s.Outputs {
			if c.counts[out.Topic] > 0 {
				continue
			}
			if n := c.wanted(out.Topic, stages); n > 0 {
				c.counts[out.Topic], found = n, true
			}
		}
	}
	return found
}

// wanted returns the number of partitions that a topic should be created with, 0 if
// that isn't known yet.
func (c *counter) wanted(topic string, stages []Stage) int32 {
	if reader, ok := c.broadcasts[topic]; ok {
		tasks := tasksOf(reader, c.counts)
		if tasks == 0 {
			return 0
		}
		return max(tasks, c.exists[topic])
	}
	group := []string{topic}
	for _, m := range c.meets {
		if slices.Contains(m.topics, topic) {
			group = m.topics
		}
	}
	for _, t := range group {
		if n := c.counts[t]; n > 0 {
			return n
		}
	}
	if c.asked > 0 {
		return c.asked
	}
	widest := int32(0)
	for _, s := range stages {
		if !slices.ContainsFunc(s.Outputs, func(out Output) bool { return slices.Contains(group, out.Topic) }) {
			continue
		}
		n := tasksOf(s, c.counts)
		if n == 0 {
			return 0
		}
		widest = max(widest, n)
	}
	return widest
}

// tasksOf is the number of a stage's tasks: as many as its widest input has
// partitions, and 1 if it reads nothing but broadcasts and generators. It is 0 while an input
// is unknown.
func tasksOf(s Stage, counts map[string]int32) int32 {
	tasks := int32(1)
	for _, in := range s.Inputs {
		if in.Delivery != DeliverPartition {
			continue
		}
		if counts[in.Topic] == 0 {
			return 0
		}
		tasks = max(tasks, counts[in.Topic])
	}
	return tasks
}

// checkMissing finds inputs that neither exist nor are created by the job.
func (c *counter) checkMissing(g Graph, stages []Stage) mistakes {
	var bad mistakes
	for _, s := range stages {
		for _, in := range s.Inputs {
			if c.counts[in.Topic] == 0 && g.Nodes[in.Nodes[0]].Kind == KindInput {
				bad.add(in.Nodes[0], "topic %q does not exist: fill it from a file with -feed %s=FILE, or create it on the broker", in.Topic, in.Topic)
			}
		}
	}
	return bad
}

// A meeting is a set of topics whose records meet in a store or a join. Equal keys must
// be in equal partitions, so the topics must have equally many.
type meeting struct {
	topics []string
	node   *Node // with the first store, or the join
}

// meetings lists the sets of topics that meet, and joins sets that share a
// topic.
func meetings(g Graph, stages []Stage) []meeting {
	var sets []meeting
	for _, s := range stages {
		for _, id := range s.Nodes {
			n := &g.Nodes[id]
			if len(n.Stores) == 0 && !n.joins() {
				continue
			}
			met := meeting{sourceTopics(g, id), n}
			if len(met.topics) == 0 {
				continue // all are broadcasts
			}
			for i := 0; i < len(sets); i++ {
				if !slices.ContainsFunc(sets[i].topics, func(t string) bool { return slices.Contains(met.topics, t) }) {
					continue
				}
				met = meeting{append(sets[i].topics, met.topics...), sets[i].node}
				sets = slices.Delete(sets, i, i+1)
				i--
			}
			slices.Sort(met.topics)
			met.topics = slices.Compact(met.topics)
			sets = append(sets, met)
		}
	}
	return sets
}

// sourceTopics lists the topics whose records reach a node within its stage, each
// record in one task.
func sourceTopics(g Graph, node int) []string {
	var topics []string
	seen := []int{node}
	for i := 0; i < len(seen); i++ {
		n := &g.Nodes[seen[i]]
		if n.Kind == KindInput || i > 0 && n.Crosses() {
			if n.Delivery == DeliverPartition {
				topics = append(topics, topicsOf(g, n.ID)...)
			}
			continue
		}
		for _, f := range g.upstream(n.ID) {
			if !slices.Contains(seen, f) {
				seen = append(seen, f)
			}
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

func (c *counter) checkMeetings() mistakes {
	var bad mistakes
	for _, m := range c.meets {
		var have []string
		differ := false
		for _, t := range m.topics {
			n := c.counts[t]
			if n == 0 {
				continue // checkMissing reports it
			}
			have = append(have, fmt.Sprintf("%q has %d", t, n))
			differ = differ || n != c.counts[m.topics[0]] && c.counts[m.topics[0]] > 0
		}
		if differ {
			bad.add(m.node.ID, "%s %q: the topics that meet in it have different numbers of partitions, so equal keys would be in different tasks: %s; "+
				"give them equal numbers, or call PartitionBy on each of the streams", m.node.Kind, m.node.Name, strings.Join(have, ", "))
		}
	}
	return bad
}

// sizeStages sets the numbers of tasks and containers: a stage has as many tasks as
// its widest input has partitions, and no more containers than tasks.
func sizeStages(stages []Stage, counts map[string]int32, o Options) []Stage {
	out := slices.Clone(stages)
	writers := map[string]int32{}
	for i := range out {
		s := &out[i]
		s.Tasks = tasksOf(*s, counts)
		s.Containers = min(o.containers(s.Name), max(int(s.Tasks), 1))
		for _, o := range s.Outputs {
			if o.Repartition {
				writers[o.Topic] = s.Tasks
			}
		}
	}
	for i := range out {
		out[i].Inputs = slices.Clone(out[i].Inputs)
		for j := range out[i].Inputs {
			in := &out[i].Inputs[j]
			in.Partitions, in.Producers = counts[in.Topic], writers[in.Topic]
			if in.Generator() {
				in.Partitions = 1
			}
		}
	}
	return out
}
