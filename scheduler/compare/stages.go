package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/phrase"
)

// stages finds stages that are new or removed, with all that they read and write.
func (c *comparison) stages() {
	for i := range c.old.Stages {
		s := &c.old.Stages[i]
		if c.now.stage(s.Name) != nil {
			continue
		}
		ch := Change{
			Subject: SubjectStage, Name: s.Name, From: c.old.describe(s), Effect: Restart,
			Why: fmt.Sprintf("it ends where it stands; its topics and the offsets of group %s stay", s.Group),
			Do:  "delete what it has left before a stage or an operator gets one of these names again",
		}
		if from := c.left(s); len(from) > 0 {
			ch.Do = "let the old version read " + phrase.List(from) + " to the end before it stops, or the records there won't be processed; then " + ch.Do
		}
		c.add(ch)
	}
	for i := range c.now.Stages {
		s := &c.now.Stages[i]
		if c.old.stage(s.Name) != nil {
			continue
		}
		c.add(Change{
			Subject: SubjectStage, Name: s.Name, To: c.now.describe(s), Effect: Restart,
			Why: "it starts without state: " + c.now.starts(s),
		})
	}
}

// left lists the repartition topics of a stage that nothing will read any more.
func (c *comparison) left(s *scheduler.Stage) []string {
	var topics []string
	is := c.now.Transfers()
	for _, in := range s.Inputs {
		if in.Repartition() && !slices.ContainsFunc(is, func(x scheduler.Transfer) bool { return x.Topic == in.Topic }) {
			topics = append(topics, in.Topic)
		}
	}
	return topics
}

// describe says what a stage does, in a few words.
func (s side) describe(st *scheduler.Stage) string {
	var reads, keeps, writes []string
	for _, in := range st.Inputs {
		reads = append(reads, in.Topic)
	}
	for _, store := range st.Stores {
		keeps = append(keeps, store.Name)
	}
	for _, out := range st.Outputs {
		if !slices.Contains(writes, out.Topic) {
			writes = append(writes, out.Topic)
		}
	}
	parts := []string{"reads " + phrase.List(reads)}
	if len(keeps) > 0 {
		parts = append(parts, "keeps "+phrase.List(keeps))
	}
	if len(writes) > 0 {
		parts = append(parts, "writes "+phrase.List(writes))
	}
	return strings.Join(parts, "; ")
}

// starts says what a new stage reads first.
func (s side) starts(st *scheduler.Stage) string {
	var parts []string
	for _, in := range st.Inputs {
		if in.Repartition() {
			parts = append(parts, in.Topic+" has records from now on")
		} else {
			parts = append(parts, in.Topic+" "+s.Nodes[in.Nodes[0]].Starts())
		}
	}
	return phrase.List(parts)
}

// width finds stages whose state would have to be redistributed, unless a change
// of an input explains it already.
func (c *comparison) width(old, now *scheduler.Stage) {
	if old.Tasks == now.Tasks || c.has(now.Name, Incompatible) {
		return
	}
	var kept []string
	for _, st := range now.Stores {
		if slices.ContainsFunc(old.Stores, func(o scheduler.Store) bool { return o.Changelog == st.Changelog }) {
			kept = append(kept, st.Name)
		}
	}
	if len(kept) == 0 {
		return
	}
	c.add(Change{
		Subject: SubjectStage, Name: now.Name, Effect: Incompatible,
		From: phrase.Count(old.Tasks, "task"), To: phrase.Count(now.Tasks, "task"),
		Why: fmt.Sprintf("a stage has as many tasks as its widest input has partitions, and each task has a part of %s, which can't be redistributed", phrase.List(kept)),
		Do:  fmt.Sprintf("give the widest input of the stage %s, as before; or %s", phrase.Count(old.Tasks, "partition"), byReset),
	})
}

// progress finds stages that would forget how far they have read. That is written
// with their stores, or to a topic of its own if they have none.
func (c *comparison) progress(old, now *scheduler.Stage) {
	was, is := changelogsOf(old), changelogsOf(now)
	if len(both(was, is, "")) > 0 || c.has(now.Name, Incompatible) || c.movedOut(old) {
		return
	}
	ch := Change{Subject: SubjectStage, Name: now.Name, From: "progress in " + phrase.List(was), To: "progress in " + phrase.List(is), Effect: Incompatible}
	switch {
	case len(old.Stores) == 0:
		ch.Why = "how far a stage has read is stored with its state; this one had none, and its new stores don't have it"
		ch.Do = "call PartitionBy before the operators with state, so that they are a stage of their own; or " + byReset
	case len(now.Stores) == 0:
		ch.Why = "how far a stage has read is stored with its state, and its last store is removed"
		ch.Do = "keep the store, or " + c.again(old)
	default:
		ch.Why = "how far a stage has read is stored with its state; none of its stores is left, and the new ones don't have it"
		ch.Do = "keep one of them until the others have started, or " + c.again(old)
	}
	c.add(ch)
}

// movedOut reports whether another stage has one of the stage's stores now.
func (c *comparison) movedOut(old *scheduler.Stage) bool {
	return slices.ContainsFunc(old.Stores, func(st scheduler.Store) bool {
		is, _ := c.now.store(st.Changelog)
		return is != nil && is.Name != old.Name
	})
}

func changelogsOf(s *scheduler.Stage) []string {
	if s.MetaTopic != "" {
		return []string{s.MetaTopic}
	}
	var topics []string
	for _, st := range s.Stores {
		topics = append(topics, st.Changelog)
	}
	return topics
}

// both lists the topics that are in both lists, except one.
func both(a, b []string, except string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return s == except || !slices.Contains(b, s) })
}

// ownTraffic reports whether a stage reads nothing but what others of the job send.
func (s side) ownTraffic(st *scheduler.Stage) bool {
	return !slices.ContainsFunc(st.Inputs, func(in scheduler.Input) bool { return !in.Repartition() })
}

// again says how a stage can start again, without state.
func (c *comparison) again(st *scheduler.Stage) string {
	if !c.old.ownTraffic(st) {
		return byReset
	}
	var names []string
	for _, in := range st.Inputs {
		names = append(names, fmt.Sprintf("%q", c.old.Nodes[in.Nodes[0]].Name))
	}
	return "give PartitionBy " + phrase.List(names) + " a new name, too, so that the stage starts from nothing; or " + byReset
}

// sameWidth tells whether a stage has as many tasks as before, so that they find their
// changelogs.
func (c *comparison) sameWidth(stage string) bool {
	old, now := c.old.stage(stage), c.now.stage(stage)
	return old != nil && now != nil && old.Tasks == now.Tasks
}

// containers compares the numbers of a stage's containers.
func (c *comparison) containers(old, now *scheduler.Stage) {
	if old.Containers == now.Containers {
		return
	}
	c.add(Change{
		Subject: SubjectStage, Name: now.Name, Effect: Compatible,
		From: phrase.Count(old.Containers, "container"), To: phrase.Count(now.Containers, "container"),
		Why: "its tasks are divided among them",
	})
}
