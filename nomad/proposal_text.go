package nomad

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// shownChanges bounds how many changes of a stage are listed.
const shownChanges = 12

// Text describes the effect of registering the job: for each stage, what happens to its
// containers and which of their settings change.
func (p *Proposal) Text() string {
	var b strings.Builder
	switch {
	case p.running == nil:
		fmt.Fprintf(&b, "job %s is new\n", *p.job.ID)
	case !p.Changes():
		fmt.Fprintf(&b, "job %s stays as it is\n", *p.job.ID)
	default:
		fmt.Fprintf(&b, "job %s changes\n", *p.job.ID)
	}
	if p.running != nil && p.plan.Diff != nil {
		list(&b, "  ", changesOf("", p.plan.Diff.Fields, p.plan.Diff.Objects))
	}
	if p.Changes() && p.plan.Diff != nil {
		order := func(g *api.TaskGroupDiff) int {
			return slices.IndexFunc(p.job.TaskGroups, func(o *api.TaskGroup) bool { return *o.Name == g.Name })
		}
		groups := slices.SortedStableFunc(slices.Values(p.plan.Diff.TaskGroups), func(a, b *api.TaskGroupDiff) int { return cmp.Compare(order(a), order(b)) })
		for _, g := range groups {
			p.group(&b, g)
		}
	}
	if p.plan.Warnings != "" {
		fmt.Fprintf(&b, "  Nomad warns: %s\n", strings.TrimSpace(p.plan.Warnings))
	}
	return b.String()
}

func (p *Proposal) group(b *strings.Builder, g *api.TaskGroupDiff) {
	var counts []string
	updates := maps.Clone(g.Updates)
	if rolling := "create/destroy update"; updates[rolling] > 0 {
		updates[rolling] += updates["ignore"] // these are updated later
		delete(updates, "ignore")
	}
	for _, name := range slices.Sorted(maps.Keys(updates)) {
		n := updates[name]
		said, ok := map[string]string{
			"create": "%d to start", "destroy": "%d to stop", "create/destroy update": "%d to restart, one at a time",
			"in-place update": "%d to change while they run", "migrate": "%d to move", "ignore": "%d to leave as they are",
		}[name]
		if !ok {
			said = "%d: " + name
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf(said, n))
		}
	}
	if len(counts) == 0 {
		counts = []string{"nothing happens"}
	}
	fmt.Fprintf(b, "  stage %s: %s\n", p.stageOf(g.Name), strings.Join(counts, ", "))
	if p.running == nil || g.Type == "Added" || g.Type == "Deleted" {
		return
	}
	changes := changesOf("", g.Fields, g.Objects)
	for _, t := range g.Tasks {
		changes = append(changes, changesOf("", t.Fields, t.Objects)...)
	}
	list(b, "    ", changes)
}

// stageOf returns the stage of a group in the new job, or in the running one.
func (p *Proposal) stageOf(group string) string {
	for _, job := range []*api.Job{p.job, p.running} {
		if job == nil {
			continue
		}
		for _, g := range job.TaskGroups {
			if *g.Name == group && g.Meta[metaStage] != "" {
				return g.Meta[metaStage]
			}
		}
	}
	return group
}

// list writes the changes, one a line. Nomad reports some changed objects as one that was
// removed and one that was added: of these only the differing fields are listed.
func list(b *strings.Builder, indent string, changes []difference) {
	var lines []string
	if slices.ContainsFunc(changes, func(d difference) bool { return d.path == "Artifact GetterSource" }) {
		changes = slices.DeleteFunc(changes, func(d difference) bool { // these follow from it
			return d.path == "Artifact RelativeDest" || d.path == "Artifact GetterOptions[checksum]" || d.path == "Config command"
		})
	}
	for i, c := range changes {
		j := slices.IndexFunc(changes, func(o difference) bool { return o.path == c.path && o.was != c.was })
		switch {
		case j < 0 || c.was != "" && c.is != "":
			lines = append(lines, c.String())
		case i < j: // one half of a removed and added pair
			both := difference{c.path, c.was + changes[j].was, c.is + changes[j].is}
			if both.was != both.is {
				lines = append(lines, both.String())
			}
		}
	}
	for i, line := range lines {
		if i == shownChanges {
			fmt.Fprintf(b, "%sand %d more\n", indent, len(lines)-i)
			return
		}
		fmt.Fprintf(b, "%s%s\n", indent, line)
	}
}

// A difference is a field that was added (was is empty), removed (is is empty) or changed.
type difference struct{ path, was, is string }

func (d difference) String() string {
	switch {
	case d.was == "":
		return fmt.Sprintf("+ %s: %s", d.path, shortened(d.is))
	case d.is == "":
		return fmt.Sprintf("- %s: %s", d.path, shortened(d.was))
	}
	return fmt.Sprintf("~ %s: %s -> %s", d.path, shortened(d.was), shortened(d.is))
}

// changesOf returns the fields that differ, with their paths.
func changesOf(path string, fields []*api.FieldDiff, objects []*api.ObjectDiff) (all []difference) {
	for _, f := range fields {
		if f.Type != "None" {
			all = append(all, difference{path + f.Name, f.Old, f.New})
		}
	}
	for _, o := range objects {
		if o.Type != "None" {
			all = append(all, changesOf(path+o.Name+" ", o.Fields, o.Objects)...)
		}
	}
	return all
}

// shortened cuts the middle out of a long text: URLs mostly differ at their end.
func shortened(text string) string {
	const most = 60
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most/2]) + "…" + string(r[len(r)-most/2:])
	}
	return text
}
