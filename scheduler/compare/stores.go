package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
)

// stores compares the plans' stores, by name.
func (c *comparison) stores() {
	former := c.formerNames()
	for i := range c.old.Stages {
		was := &c.old.Stages[i]
		for j := range was.Stores {
			old := &was.Stores[j]
			switch is, now := c.now.store(old.Changelog); {
			case now == nil && slices.Contains(former, old.Name):
				// storeNew reports it under its new name
			case now == nil:
				c.storeGone(was, old)
			case is.Name != was.Name:
				c.storeMoved(was, is, old)
			case now.Schema != old.Schema:
				c.schema(is, old, now)
			default:
				c.values(is, old, now)
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

// storeNew reports a store that the old plan hasn't, or has under a former name.
func (c *comparison) storeNew(is *scheduler.Stage, now *scheduler.Store, former string) {
	if former != "" {
		ch := Change{
			Subject: SubjectStore, Name: now.Name, Stage: is.Name, From: former, To: now.Name, Effect: Incompatible, Acceptable: c.old.stage(is.Name) == nil || c.keepsProgress(is.Name),
			Why: fmt.Sprintf("it seems to be %q under another name: state is found by name, so it would start empty", former),
			Do:  "give the stage its former name; or " + byReset,
		}
		if c.old.stage(is.Name) != nil {
			ch.Do = fmt.Sprintf("to keep the state, stop the job and run rename %s %s with this version; if it is a different operator, %s", c.old.operatorOf(former), c.now.Nodes[now.Node].Name, byReset)
		}
		c.add(ch)
		return
	}
	if _, old := c.old.store(now.Changelog); old != nil || c.old.stage(is.Name) == nil {
		return // kept, or new with its stage
	}
	c.add(Change{
		Subject: SubjectStore, Name: now.Name, Stage: is.Name, To: now.Describe(), Effect: Restart,
		Why: "it starts empty: it lacks what the stage has read before",
	})
}

// empty says how an operator can start without state. Its stage must still know
// how far it has read, by something other than the changelog.
func (c *comparison) empty(stage, changelog string) string {
	old, now := c.old.stage(stage), c.now.stage(stage)
	if now != nil && len(both(changelogsOf(old), changelogsOf(now), changelog)) > 0 {
		return "give the operator a new name, to start empty"
	}
	if c.old.ownTraffic(old) {
		return "give the operator a new name, to start empty, and " + c.again(old)
	}
	return byReset
}

// keepsProgress tells whether a stage still knows how far it has read, by a changelog that
// both plans have.
func (c *comparison) keepsProgress(stage string) bool {
	old, now := c.old.stage(stage), c.now.stage(stage)
	return old != nil && now != nil && len(both(changelogsOf(old), changelogsOf(now), "")) > 0
}

// operatorOf returns the operator that has a store of that name.
func (s side) operatorOf(store string) string {
	for i := range s.Stages {
		for _, st := range s.Stages[i].Stores {
			if st.Name == store {
				return s.Nodes[st.Node].Name
			}
		}
	}
	return store
}

// storeGone reports a store that was removed with its operator.
func (c *comparison) storeGone(was *scheduler.Stage, old *scheduler.Store) {
	if c.now.stage(was.Name) == nil {
		return // gone with its stage
	}
	c.add(Change{
		Subject: SubjectStore, Name: old.Name, Stage: was.Name, From: old.Describe(), Effect: Restart,
		Why: fmt.Sprintf("its state is no longer updated; topic %s stays", old.Changelog),
		Do:  "delete that topic before an operator gets this name again, or that operator starts with outdated state",
	})
}

func (c *comparison) storeMoved(was, is *scheduler.Stage, old *scheduler.Store) {
	out := c.empty(was.Name, "")
	if out != byReset {
		out += "; or " + byReset
	}
	ch := Change{
		Subject: SubjectStore, Name: old.Name, Stage: is.Name, From: "stage " + was.Name, To: "stage " + is.Name, Effect: Incompatible,
		Why: "its state belongs to the tasks of another stage, and to the offsets that they have reached",
		Do:  fmt.Sprintf("leave the operator in stage %s, and put nothing before it that renames the stage; or %s", was.Name, out),
	}
	if c.now.stage(was.Name) == nil && c.old.stage(is.Name) == nil {
		ch.Why = "the stage is named after what it reads first, and so has another name now; its state and offsets belong to the former name"
		ch.Do = fmt.Sprintf("give the stage's PartitionBy or input its former name, %q; or %s", was.Name, byReset)
	}
	c.add(ch)
}

func (c *comparison) schema(is *scheduler.Stage, old, now *scheduler.Store) {
	from, to := strings.Split(old.Schema, "; "), strings.Split(now.Schema, "; ")
	ch := Change{
		Subject: SubjectStore, Name: now.Name, Stage: is.Name, Effect: Incompatible,
		From: strings.Join(without(from, to), "; "), To: strings.Join(without(to, from), "; "),
		Why: "existing entries were written differently, and would be misread",
	}
	if ch.From == ch.To { // the same in another order
		ch.From, ch.To = old.Schema, now.Schema
	}
	ch.Do = "change it back, or " + c.empty(is.Name, now.Changelog)
	c.add(ch)
}

// settings compares the settings that affect only the results of an operator with state.
func (c *comparison) settings(is *scheduler.Stage, old, now *scheduler.Store) {
	from, to := c.old.Nodes[old.Node].Settings(), c.now.Nodes[now.Node].Settings()
	if slices.Equal(from, to) || slices.Contains(c.settled, now.Node) {
		return
	}
	c.settled = append(c.settled, now.Node) // another store of the node needn't say it again
	c.add(Change{
		Subject: SubjectStore, Name: now.Name, Stage: is.Name, Effect: Compatible,
		From: strings.Join(without(from, to), "; "), To: strings.Join(without(to, from), "; "),
		Why: "it applies from now on",
	})
}
