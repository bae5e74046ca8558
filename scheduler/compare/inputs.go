package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/phrase"
)

// movedInputs finds topics that another stage reads now, instead of the former one.
func (c *comparison) movedInputs() {
	var topics []string
	for _, s := range c.old.Stages {
		for _, in := range s.Inputs {
			if in.Repartition() || in.Delivery == scheduler.DeliverGlobal || slices.Contains(topics, in.Topic) {
				continue
			}
			topics = append(topics, in.Topic)
			was, is := c.old.readers(in.Topic), c.now.readers(in.Topic)
			from, to := without(was, is), without(is, was)
			if len(from) == 0 || len(to) == 0 {
				continue
			}
			c.add(Change{
				Subject: SubjectInput, Name: in.Topic, Stage: to[0], From: "stage " + phrase.List(from), To: "stage " + phrase.List(to), Effect: Incompatible, Acceptable: true,
				Why: "only its former stage knows how far it was read, so it would be read from its start again",
				Do: fmt.Sprintf("let stage %s read it, as before (a stage is named after the first PartitionBy that feeds it, else after its first input); "+
					"or %s", phrase.List(from), byReset),
			})
		}
	}
}

// readers are the stages that read a topic.
func (s side) readers(topic string) []string {
	var names []string
	for _, st := range s.Stages {
		if slices.ContainsFunc(st.Inputs, func(in scheduler.Input) bool {
			return in.Topic == topic && !in.Repartition() && in.Delivery != scheduler.DeliverGlobal
		}) {
			names = append(names, st.Name)
		}
	}
	return names
}

// moved reports whether another stage reads a topic now.
func (c *comparison) moved(topic string) bool {
	return slices.ContainsFunc(c.changes, func(ch Change) bool {
		return ch.Subject == SubjectInput && ch.Name == topic && ch.Effect == Incompatible
	})
}

// inputs compares what a stage reads, by name.
func (c *comparison) inputs(old, now *scheduler.Stage) {
	was, is := c.old.Readings(old), c.now.Readings(now)
	for _, r := range was {
		switch {
		case find(&r, is) != nil || c.moved(r.Name):
		case r.Delivery == scheduler.DeliverGenerator:
			c.add(Change{
				Subject: SubjectInput, Name: r.Name, Stage: now.Name, From: describe(&r), Effect: Restart,
				Why: "its further values won't be processed, and how many were is forgotten",
			})
		default:
			c.add(Change{
				Subject: SubjectInput, Name: r.Name, Stage: now.Name, From: describe(&r), Effect: Restart,
				Why: "its unread records won't be read, and how far it was read is forgotten",
				Do:  fmt.Sprintf("before you add it again, delete its offsets in group %s, so that it is read from its start", now.Group),
			})
		}
	}
	for _, r := range is {
		switch o := find(&r, was); {
		case o != nil:
			c.reading(now, o, &r)
		case !c.moved(r.Name):
			c.add(Change{
				Subject: SubjectInput, Name: r.Name, Stage: now.Name, To: describe(&r), Effect: Restart,
				Why: "the stage reads it, too; it " + r.Starts,
			})
		}
	}
}

// reading compares what both plans read by the same name.
func (c *comparison) reading(s *scheduler.Stage, old, now *scheduler.Reading) {
	ch := Change{Subject: SubjectInput, Name: now.Name, Stage: s.Name}
	if from, to := readAs(old), readAs(now); from != to {
		c.add(ch.apart(describe(old), describe(now), from, to, Restart, "its unread records will be read this way", "make sure that it fits the records in the topic"))
	} else if from, to := without(old.Topics, now.Topics), without(now.Topics, old.Topics); len(from)+len(to) > 0 {
		c.add(ch.with(phrase.List(from), phrase.List(to), Compatible, "the pattern matches other topics than before; a new one "+now.Starts, ""))
	}
	c.forms(ch, old, now)
	if old.Starts != now.Starts {
		c.add(ch.with(old.Starts, now.Starts, Compatible, "the start applies to partitions that the job has never read", ""))
	}
	if from, to := without(old.Settings, now.Settings), without(now.Settings, old.Settings); len(from)+len(to) > 0 {
		c.add(ch.with(strings.Join(from, "; "), strings.Join(to, "; "), Compatible, "it applies from now on", ""))
	}
	c.partitions(ch, old, now)
}

// partitions compares the numbers of an input's partitions.
func (c *comparison) partitions(ch Change, old, now *scheduler.Reading) {
	from, to := phrase.Count(old.Partitions, "partition"), phrase.Count(now.Partitions, "partition")
	switch {
	case old.Keyed != now.Keyed && now.Keyed:
		c.add(ch.with("feeds no store", "feeds a store", Restart, "from now on its number of partitions must not change", ""))
	case old.Keyed != now.Keyed:
		c.add(ch.with("feeds a store", "feeds no store", Restart, "its number of partitions no longer matters", ""))
	case old.Partitions == now.Partitions:
	case now.Delivery != scheduler.DeliverPartition && old.Partitions < now.Partitions:
		c.add(ch.with(from, to, Compatible, "all of its partitions are read in any case", ""))
	case now.Keyed:
		ch.Acceptable = c.sameWidth(ch.Stage)
		c.add(ch.with(from, to, Incompatible, "its records reach a store: keys move to other partitions, and their state doesn't",
			byReset+". If you call PartitionBy before the operators with state, the input may grow at any time"))
	case old.Partitions > now.Partitions:
		c.add(ch.with(from, to, Compatible, "a topic loses no partitions, so it was deleted and created again: the job stops and says so, or continues where OnOutOfRange says", ""))
	default:
		c.add(ch.with(from, to, Compatible, "no state depends on its keys: the stage follows, with more tasks if this is its widest input", ""))
	}
}

// with completes a change.
func (ch Change) with(from, to string, effect Fit, why, do string) Change {
	ch.From, ch.To, ch.Effect, ch.Why, ch.Do = from, to, effect, why, do
	return ch
}
