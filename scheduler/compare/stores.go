package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
)

// stores compares what is kept, by name.
func (c *comparison) stores() {
	former := c.formerNames()
	for i := range c.old.Stages {
		was := &c.old.Stages[i]
		for j := range was.Stores {
			old := &was.Stores[j]
			switch is, now := c.now.store(old.Name); {
			case now == nil && slices.Contains(former, old.Name):
				// told of the store that it became
			case now == nil:
				c.storeGone(was, old)
			case is.Name != was.Name:
				c.storeMoved(was, is, old)
			case now.Schema != old.Schema:
				c.schema(is, old, now)
			default:
				c.settings(is, old, now)
			}
		}
	}
	n := 0
	for i := range c.now.Stages {
		is := &c.now.Stages[i]
		for j := range is.Stores {
			c.storeNew(is, &is.Stores[j], former[n])
			n++
		}
	}
}

// storeNew is a store that the old plan may not have, or has under a former name.
func (c *comparison) storeNew(is *scheduler.Stage, now *scheduler.Store, former string) {
	if former != "" {
		c.add(Change{
			Subject: SubjectStore, Name: now.Name, Stage: is.Name, From: former, To: now.Name, Effect: Incompatible,
			Why: fmt.Sprintf("it seems to be %q under another name: state is found by the name, so it would begin empty", former),
			Do:  fmt.Sprintf("give the operator its former name, %q; if it is another one, %s", former, c.another(is.Name)),
		})
		return
	}
	if _, old := c.old.store(now.Name); old != nil || c.old.stage(is.Name) == nil {
		return // kept, or new with its stage
	}
	c.add(Change{
		Subject: SubjectStore, Name: now.Name, Stage: is.Name, To: now.Schema, Effect: Restart,
		Why: "it begins empty: what the stage has read before isn't in it",
	})
}

// empty is how an operator can begin without state, in a stage that must still
// know how far it is by something other than that changelog.
func (c *comparison) empty(stage, changelog string) string {
	old, now := c.old.stage(stage), c.now.stage(stage)
	if now != nil && len(meet(changelogsOf(old), changelogsOf(now), changelog)) > 0 {
		return "give the operator a new name, to begin empty"
	}
	if c.old.ownTraffic(old) {
		return "give the operator a new name, to begin empty, and " + c.old.anew(old)
	}
	return c.old.anew(old)
}

// another is how an operator can take the place of one that is just like it.
func (c *comparison) another(stage string) string {
	old, now := c.old.stage(stage), c.now.stage(stage)
	switch {
	case old != nil && len(meet(changelogsOf(old), changelogsOf(now), "")) > 0:
		return "first run a version without either"
	case c.now.ownTraffic(now):
		return "first run a version without either and without their PartitionBy, and give that a new name as well"
	}
	return "start over under another app name"
}

// storeGone is a store that was removed with its operator.
func (c *comparison) storeGone(was *scheduler.Stage, old *scheduler.Store) {
	if c.now.stage(was.Name) == nil {
		return // gone with its stage
	}
	c.add(Change{
		Subject: SubjectStore, Name: old.Name, Stage: was.Name, From: old.Schema, Effect: Restart,
		Why: fmt.Sprintf("its state isn't kept up any more; topic %s stays as it is", old.Changelog),
		Do:  "delete that topic before an operator gets this name again: it would begin with a state that lacks what came since",
	})
}

func (c *comparison) storeMoved(was, is *scheduler.Stage, old *scheduler.Store) {
	ch := Change{
		Subject: SubjectStore, Name: old.Name, Stage: is.Name, From: "stage " + was.Name, To: "stage " + is.Name, Effect: Incompatible,
		Why: "its state is that of another stage's tasks, at the offsets that they have read up to",
		Do:  fmt.Sprintf("leave the operator in stage %s, with nothing else before it that names the stage; or %s", was.Name, c.empty(was.Name, "")),
	}
	if c.now.stage(was.Name) == nil && c.old.stage(is.Name) == nil {
		ch.Why = "the stage is named after what it reads first, and has another name now; its state and its offsets belong to the former one"
		ch.Do = fmt.Sprintf("give the stage's PartitionBy or input its former name, %q", was.Name)
	}
	c.add(ch)
}

func (c *comparison) schema(is *scheduler.Stage, old, now *scheduler.Store) {
	from, to := strings.Split(old.Schema, "; "), strings.Split(now.Schema, "; ")
	ch := Change{
		Subject: SubjectStore, Name: now.Name, Stage: is.Name, Effect: Incompatible,
		From: strings.Join(without(from, to), "; "), To: strings.Join(without(to, from), "; "),
		Why: "what is in the store was written otherwise, and would be misread",
	}
	if ch.From == ch.To { // the same in another order
		ch.From, ch.To = old.Schema, now.Schema
	}
	ch.Do = "change it back, or " + c.empty(is.Name, now.Changelog)
	c.add(ch)
}

// settings are those of an operator with state that its state doesn't depend on.
func (c *comparison) settings(is *scheduler.Stage, old, now *scheduler.Store) {
	from, to := c.old.Nodes[old.Node].Settings(), c.now.Nodes[now.Node].Settings()
	if slices.Equal(from, to) || slices.Contains(c.settled, now.Node) {
		return
	}
	c.settled = append(c.settled, now.Node) // another store of the node needn't say it again
	c.add(Change{
		Subject: SubjectStore, Name: now.Name, Stage: is.Name, Effect: Compatible,
		From: strings.Join(without(from, to), "; "), To: strings.Join(without(to, from), "; "),
		Why: "it holds for what comes from now on",
	})
}
