package compare

import "github.com/gretestream/grete/scheduler"

// A Verdict says what becomes of a job whose plan changes: whether the new one
// may take over what the old one has left, and when. It is JSON.
//
// It knows the plans alone: what the user's functions do, and what is in the
// topics, is in none.
type Verdict struct {
	App  string `json:"app"`
	Kind Fit    `json:"kind"` // the worst of the changes' effects
	// Old and New are the plans' fingerprints. They are equal if Kind is Same or
	// Compatible, and only then.
	Old string `json:"old"`
	New string `json:"new"`
	// Changes are what differs, the worst first.
	Changes []Change `json:"changes,omitempty"`
	// Drain lists the repartition topics that the old plan's job has to read to
	// their ends before it stops, by name: the new one can't read what is on its way
	// in them, or doesn't. The group's offsets tell whether it has.
	Drain []string `json:"drain,omitempty"`
	// Restores lists the stores whose state goes on, in the order of the new plan's
	// stages; none if the change is refused.
	Restores []Restore `json:"restores,omitempty"`
}

// Fit says how far two plans fit together.
type Fit string

const (
	Same Fit = "same"
	// Compatible plans may run side by side, so that one replaces the other
	// container by container.
	Compatible Fit = "compatible"
	// Restart asks for all containers of the old plan to stop before one of the new
	// plan starts. What both plans have goes on where it stood.
	Restart Fit = "restart"
	// Incompatible plans are refused: state or results would be lost, or doubled.
	Incompatible Fit = "incompatible"
)

// A Change is one thing in which two plans differ.
type Change struct {
	Subject Subject `json:"subject"`
	Name    string  `json:"name"`
	Stage   string  `json:"stage,omitempty"` // where, unless the subject is a stage or the app
	// From and To are what it was and what it is, for people; empty where there was
	// or is none.
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Effect Fit    `json:"effect"`       // never Same
	Why    string `json:"why"`          // what it means for the job
	Do     string `json:"do,omitempty"` // what the user can do, or has to
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

// A Restore is a store that goes on with what its changelog has. A container
// that has the state on its disk reads the tail alone, another one all of it.
type Restore struct {
	Stage     string `json:"stage"`
	Store     string `json:"store"`
	Changelog string `json:"changelog"`
	// Bytes is how much the changelog holds. No plan knows: 0 until a caller that can
	// ask has set it.
	Bytes int64 `json:"bytes,omitempty"`
}

// Compare says what becomes of the job of one plan when it goes on by another.
// Both are as [Build] or [ParsePlan] returns them.
func Plans(old, now *scheduler.Plan) Verdict {
	v := Verdict{App: now.App, Old: old.Fingerprint, New: now.Fingerprint}
	c := comparison{old: side{old}, now: side{now}}
	if old.App != now.App {
		c.apps()
	} else {
		c.run()
	}
	v.Changes, v.Drain, v.Kind = c.sorted(), c.drained(), Same
	if len(v.Changes) > 0 {
		v.Kind = v.Changes[0].Effect
	}
	if v.Kind != Incompatible {
		v.Restores = c.restores()
	}
	return v
}

// worse tells whether one asks for more than another.
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
