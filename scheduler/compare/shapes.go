package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde/shape"
)

// values compares the forms of a store's values. A changed form is one of three: the
// program converts the existing values, it can read them as they are, or they would
// be lost.
func (c *comparison) values(is *scheduler.Stage, old, now *scheduler.Store) {
	if old.Value == now.Value {
		return
	}
	ch := Change{Subject: SubjectStore, Name: now.Name, Stage: is.Name}
	before, now1 := c.old.Spec(old).ValueForm(), c.now.Spec(now)
	differences := shape.CompareForms(before, now1.ValueForm())
	if upgrades(now1.Upgrades, before, !shape.Readable(differences)) {
		c.upgrades = append(c.upgrades, now.Name)
		c.add(ch.with(old.Value, now.Value, Restart, "an Upgrade function converts existing values when they are read; they are written back in the new form", ""))
		return
	}
	for _, d := range differences {
		c.add(c.value(ch, now, d, differences))
	}
}

// upgrades reports whether one of a program's upgrades takes values of a form: of
// exactly that form, or also of one whose values the upgrade can read.
func upgrades(all []string, form shape.Form, readable bool) bool {
	return slices.ContainsFunc(all, func(text string) bool {
		from, err := shape.ParseForm(text)
		if err != nil {
			return false
		}
		return from.String() == form.String() || readable && shape.Readable(shape.CompareForms(form, from))
	})
}

// value is the change of one difference in the values of a store.
func (c *comparison) value(ch Change, now *scheduler.Store, d shape.Difference, all []shape.Difference) Change {
	from, to := placed(d)
	empty := c.empty(ch.Stage, now.Changelog)
	switch d.What {
	case shape.Added:
		return ch.with(from, to, Restart, "existing values have the zero value there; side by side, the old version would write values back without it", "")
	case shape.Widened:
		return ch.with(from, to, Restart, "existing values are read as before; the old version couldn't read all that the new one writes", "")
	case shape.Removed:
		do := "keep the field; or convert existing values with api.Upgrade; or " + empty
		if name := renamed(d, all); name != "" {
			do = fmt.Sprintf("if %s is its new name, give that field the tag json:%q; or convert existing values with api.Upgrade; or %s", name, lastName(d.Path), empty)
		}
		return ch.with(from, to, Incompatible, "what existing values have there would be lost when they are next written", do)
	}
	return ch.with(from, to, Incompatible, "existing values can't be read as the new type", "change it back; or convert existing values with api.Upgrade; or "+empty)
}

// placed says what stands in the place of a difference, before and after.
func placed(d shape.Difference) (from, to string) {
	place := "value"
	if d.Path != "" {
		place = "field " + d.Path
	}
	if d.Old != "" {
		from = place + " " + d.Old
	}
	if d.New != "" {
		to = place + " " + d.New
	}
	return from, to
}

// renamed returns the field that a removed one seems to be now: one of the same struct
// and type that was added.
func renamed(d shape.Difference, all []shape.Difference) string {
	for _, o := range all {
		if o.What == shape.Added && o.New == d.Old && around(o.Path) == around(d.Path) {
			return o.Path
		}
	}
	return ""
}

// around is the path of the struct that a field belongs to.
func around(path string) string { return strings.TrimSuffix(path, lastName(path)) }

// lastName is the name of the field that a path leads to.
func lastName(path string) string {
	if strings.HasSuffix(path, `"`) {
		return path[strings.LastIndex(path[:len(path)-1], `"`):]
	}
	return path[strings.LastIndex(path, ".")+1:]
}

// records compares the forms of the records in a repartition topic, of one encoding.
func (c *comparison) records(ch Change, old, now *scheduler.Transfer) {
	differences := shape.Compare(old.Serdes.ValueForm.Shape, now.Serdes.ValueForm.Shape)
	has := func(what shape.Change) bool {
		return slices.ContainsFunc(differences, func(d shape.Difference) bool { return d.What == what })
	}
	misread := has(shape.Retyped) || has(shape.Removed) && has(shape.Added)
	if misread {
		c.drain = append(c.drain, now.Topic)
	}
	for _, d := range differences {
		from, to := placed(d)
		switch {
		case misread:
			c.add(ch.with(from, to, Restart, "the records in the topic were written in the old form, and are read in the new one",
				fmt.Sprintf("let the old version read %s to the end before it stops", now.Topic)))
		case d.What == shape.Added:
			c.add(ch.with(from, to, Compatible, "records that the old version has sent have the zero value there", ""))
		case d.What == shape.Removed:
			c.add(ch.with(from, to, Restart, "the old version would read the zero value there from records of the new one", ""))
		default:
			c.add(ch.with(from, to, Restart, "the old version couldn't read all that the new one sends", ""))
		}
	}
}

// written compares the forms of the records in an output.
func (c *comparison) written(ch Change, old, now []scheduler.Serdes) {
	const both = "its readers find records of both kinds, one after the other"
	from, to := allText(old, scheduler.Serdes.Text), allText(now, scheduler.Serdes.Text)
	switch {
	case from == to:
	case len(old) != 1 || len(now) != 1 || old[0].Encodings() != now[0].Encodings() || old[0].KeyText() != now[0].KeyText():
		c.add(ch.apart(describeSerdes(old), describeSerdes(now), from, to, Restart, both, ""))
	default:
		for _, d := range shape.Compare(old[0].ValueForm.Shape, now[0].ValueForm.Shape) {
			from, to := placed(d)
			if d.What == shape.Added {
				c.add(ch.with(from, to, Compatible, "its readers find it in the records of the new version", ""))
			} else {
				c.add(ch.with(from, to, Restart, both, ""))
			}
		}
	}
}

// forms compares what the records of an input look like to the program. That says
// nothing about the records.
func (c *comparison) forms(ch Change, old, now *scheduler.Reading) {
	from, to := allText(old.Serdes, scheduler.Serdes.Text), allText(now.Serdes, scheduler.Serdes.Text)
	if from != to && readAs(old) == readAs(now) {
		c.add(ch.with(from, to, Compatible, "records are read this way from now on", ""))
	}
}

// allText joins texts of serdes, each once, in a fixed order.
func allText(all []scheduler.Serdes, text func(scheduler.Serdes) string) string {
	var out []string
	for _, s := range all {
		out = append(out, text(s))
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "; ")
}

// apart completes a change whose sides are described by names; if these are the same,
// by all that counts.
func (ch Change) apart(from, to, allFrom, allTo string, effect Fit, why, do string) Change {
	if from == to {
		from, to = allFrom, allTo
	}
	return ch.with(from, to, effect, why, do)
}

// serdes completes a change of the serdes of a topic.
func (ch Change) serdes(from, to scheduler.Serdes, effect Fit, why, do string) Change {
	return ch.apart(from.String(), to.String(), from.Text(), to.Text(), effect, why, do)
}
