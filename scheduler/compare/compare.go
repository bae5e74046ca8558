package compare

import (
	"slices"

	"github.com/gretestream/grete/scheduler"
)

// A comparison collects what differs between two plans of an app. If the
// fingerprints differ, there must be a change whose effect is [Restart] or worse;
// if they are equal, there must be none.
type comparison struct {
	old, now side
	changes  []Change
	drain    []string
	upgrades []string
	settled  []int // nodes of the new plan whose settings were compared
}

func (c *comparison) apps() {
	c.add(Change{
		Subject: SubjectApp, Name: c.now.App, From: c.old.App, To: c.now.App, Effect: Incompatible,
		Why: "topics and groups are named after the app, so this is another job: it finds none of the old one's state, and starts where its inputs start",
		Do:  "give the app its former name to continue, or start it as a separate job",
	})
}

func (c *comparison) run() {
	// Moves explain other changes best, so they come first.
	c.movedInputs()
	c.stores()
	c.stages()
	for i := range c.now.Stages {
		now := &c.now.Stages[i]
		if old := c.old.stage(now.Name); old != nil {
			c.inputs(old, now)
			c.outputs(old, now)
		}
	}
	c.repartitions()
	for i := range c.now.Stages {
		now := &c.now.Stages[i]
		if old := c.old.stage(now.Name); old != nil {
			c.width(old, now)
			c.progress(old, now)
			c.operators(old, now)
			c.containers(old, now)
		}
	}
	c.leftTopics()
}

func (c *comparison) add(ch Change) { c.changes = append(c.changes, ch) }

// has reports whether a change in a stage has this effect, or a worse one.
func (c *comparison) has(stage string, effect Fit) bool {
	return slices.ContainsFunc(c.changes, func(ch Change) bool {
		in := ch.Stage == stage || ch.Subject == SubjectStage && ch.Name == stage
		return in && !effect.worse(ch.Effect)
	})
}

// sorted returns the changes, the worst first.
func (c *comparison) sorted() []Change {
	slices.SortStableFunc(c.changes, func(a, b Change) int { return b.Effect.rank() - a.Effect.rank() })
	return c.changes
}

func (c *comparison) drained() []string {
	slices.Sort(c.drain)
	return slices.Compact(c.drain)
}

// leftTopics finds topics that should be new and exist already. They may have been created
// for the job, or hold data of an earlier version.
func (c *comparison) leftTopics() {
	for _, t := range c.now.Topics {
		known := slices.ContainsFunc(c.old.Topics, func(o scheduler.Topic) bool { return o.Name == t.Name })
		if t.Create || known || t.Role != scheduler.RoleChangelog && t.Role != scheduler.RoleRepartition {
			continue
		}
		c.add(Change{
			Subject: SubjectTopic, Name: t.Name, To: "exists already", Effect: Restart,
			Why: "an earlier version of the job may have left it; then it lacks everything since",
			Do:  "check whether it is empty; if not, delete it, or give the operator another name",
		})
	}
}

// restores lists the stores that both plans have.
func (c *comparison) restores() []Restore {
	var out []Restore
	for i := range c.now.Stages {
		s := &c.now.Stages[i]
		for _, st := range s.Stores {
			if _, was := c.old.store(st.Changelog); was != nil {
				out = append(out, Restore{Stage: s.Name, Store: st.Name, Changelog: st.Changelog})
			}
		}
	}
	return out
}

// without lists what is in a and not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
