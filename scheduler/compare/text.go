package compare

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/gretestream/grete/scheduler/internal/phrase"
)

// Text describes the verdict for people: the verdict itself, and each change with
// its meaning and the way out.
func (v *Verdict) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "change: %s\n", v.headline())
	for i := range v.Changes {
		v.Changes[i].write(&b)
	}
	if len(v.Changes) == 0 || len(v.Restores) == 0 {
		return b.String()
	}
	b.WriteString("\nstores to restore, on machines that don't have their state\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range v.Restores {
		line := fmt.Sprintf("  %s\tfrom %s", r.Store, r.Changelog)
		if r.Bytes > 0 {
			line += fmt.Sprintf("\t%.1f MB", float64(r.Bytes)/(1<<20))
		}
		_, _ = fmt.Fprintln(w, line)
	}
	_ = w.Flush() // to memory
	return b.String()
}

// headline states the verdict in a sentence.
func (v *Verdict) headline() string {
	switch v.Kind {
	case Incompatible:
		return "incompatible, refused: state or results would be lost or duplicated"
	case Restart:
		if len(v.Drain) > 0 {
			return "restart: the old version must read " + phrase.List(v.Drain) + " to the end and stop before the new one starts; the command drain does that"
		}
		return "restart: all processes of the old version must stop before the new one starts, which then continues from there"
	case Compatible:
		return "compatible: both versions may run side by side"
	case Same:
	}
	return "none: the plan is the same"
}

func (ch *Change) write(b *strings.Builder) {
	switch {
	case ch.Subject == SubjectOperators: // From and To have arrows of their own
		fmt.Fprintf(b, "\noperators of stage %s\n  %-13s %s\n  %-13s %s", ch.Stage, "were", ch.From, "are", ch.To)
	case ch.From == "":
		fmt.Fprintf(b, "\n%s: new: %s", ch.title(), ch.To)
	case ch.To == "":
		fmt.Fprintf(b, "\n%s: removed: %s", ch.title(), ch.From)
	default:
		fmt.Fprintf(b, "\n%s: %s → %s", ch.title(), ch.From, ch.To)
	}
	fmt.Fprintf(b, "\n  %-13s %s\n", ch.Effect, ch.Why)
	if ch.Do != "" {
		fmt.Fprintf(b, "  %-13s %s\n", "what to do", ch.Do)
	}
}

// title names what has changed.
func (ch *Change) title() string {
	if ch.Stage == "" || ch.Stage == ch.Name {
		return fmt.Sprintf("%s %s", ch.Subject, ch.Name)
	}
	return fmt.Sprintf("%s %s of stage %s", ch.Subject, ch.Name, ch.Stage)
}
