package compare

import (
	"slices"

	"github.com/gretestream/grete/scheduler"
)

// A Verdict says what happens to a job whose plan changes: whether the new plan
// may continue from what the old one has left, and when. It is JSON.
//
// It depends on the plans alone, which see neither inside the user's functions nor
// into the topics.
type Verdict struct {
	App  string `json:"app"`
	Kind Fit    `json:"kind"` // the worst of the changes' effects
	// Old and New are the plans' fingerprints. If Kind is Same or Compatible they are
	// equal, and [scheduler.SideBySide] is true of the plans' compatibilities.
	Old string `json:"old"`
	New string `json:"new"`
	// Changes are what differs, the worst first.
	Changes []Change `json:"changes,omitempty"`
	// Drain lists, by name, the repartition topics that the old job has to read to
	// their ends before it stops, because the new one can't read the records in them,
	// or doesn't. The group's offsets show whether it has.
	Drain []string `json:"drain,omitempty"`
	// Upgrades lists, by name, the stores whose values are converted by the program's
	// Upgrade functions: the old program can't read what the new one has written.
	Upgrades []string `json:"upgrades,omitempty"`
	// Restores lists the stores whose state continues, in the order of the new
	// plan's stages. It is empty if the change is refused.
	Restores []Restore `json:"restores,omitempty"`
}

// Fit says how far two plans fit together.
type Fit string

const (
	Same Fit = "same"
	// Compatible plans may run side by side, so that one replaces the other
	// container by container.
	Compatible Fit = "compatible"
	// Restart requires that all containers of the old plan stop before one of the new
	// plan starts. What both plans have continues where it stood.
	Restart Fit = "restart"
	// Incompatible plans are refused: state or results would be lost or duplicated.
	Incompatible Fit = "incompatible"
)

// A Change is one thing in which two plans differ.
type Change struct {
	Subject Subject `json:"subject"`
	Name    string  `json:"name"`
	Stage   string  `json:"stage,omitempty"` // where, unless the subject is a stage or the app
	// From and To are the old and the new side, for people. One of them is empty if
	// the subject is new or was removed.
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Effect Fit    `json:"effect"`       // never Same
	Why    string `json:"why"`          // the consequence for the job
	Do     string `json:"do,omitempty"` // what the user can or must do
	// Acceptable says of a change whose effect is [Incompatible] that the job can run by the
	// new plan, with the loss that Why names.
	Acceptable bool `json:"acceptable,omitempty"`
}

// Subject is what a [Change] is about.
type Subject string

const (
	SubjectApp         Subject = "app"
	SubjectStage       Subject = "stage"
	SubjectInput       Subject = "input" // a topic, or the name beside a pattern
	SubjectOutput      Subject = "output"
	SubjectRepartition Subject = "repartition"
	SubjectStore       Subject = "store"
	SubjectOperators   Subject = "operators" // of a stage, those without state
	SubjectTopic       Subject = "topic"     // of the job's own
)

// A Restore is a store that continues from its changelog. A container that has the
// state on its disk reads only the tail; another one reads all of it.
type Restore struct {
	Stage     string `json:"stage"`
	Store     string `json:"store"`
	Changelog string `json:"changelog"`
	// Bytes is the size of the changelog. Plans doesn't know it; callers may set it.
	Bytes int64 `json:"bytes,omitempty"`
}

// Plans says what happens to the job of one plan when it continues by another.
// Both must come from [scheduler.Build] or [scheduler.ParsePlan].
func Plans(old, now *scheduler.Plan) Verdict {
	v := Verdict{App: now.App, Old: old.Fingerprint, New: now.Fingerprint}
	c := comparison{old: side{old}, now: side{now}}
	if old.App != now.App {
		c.apps()
	} else {
		c.run()
	}
	v.Changes, v.Drain, v.Upgrades, v.Kind = c.sorted(), c.drained(), c.upgrades, Same
	if len(v.Changes) > 0 {
		v.Kind = v.Changes[0].Effect
	}
	if v.Kind != Incompatible {
		v.Restores = c.restores()
	}
	return v
}

// Acceptable reports whether a job may run by the new plan although it is refused, if the user
// accepts what is lost. Otherwise only a reset helps, or a way out that a change names.
func (v *Verdict) Acceptable() bool {
	return !slices.ContainsFunc(v.Changes, func(ch Change) bool { return ch.Effect == Incompatible && !ch.Acceptable })
}

// worse reports whether an effect requires more than another.
func (f Fit) worse(than Fit) bool { return f.rank() > than.rank() }

func (f Fit) rank() int {
	switch f {
	case Incompatible:
		return 3
	case Restart:
		return 2
	case Compatible:
		return 1
	case Same:
	}
	return 0
}
