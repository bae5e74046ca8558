package window

import (
	"time"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
)

// A Kind is a kind of windows.
type Kind string

// Kinds of windows, as plans call them.
const (
	Tumbling Kind = "tumbling"
	Hopping  Kind = "hopping"
	Session  Kind = "session"
	Daily    Kind = "daily"
	Global   Kind = "global"
)

// A Spec is a window that a user has described.
type Spec struct {
	Name  string
	At    string // file and line of the Window call
	Kind  Kind
	Size  time.Duration
	Every time.Duration  // Hopping
	Gap   time.Duration  // Session
	Zone  *time.Location // Daily
	// Grace is how long after its end, in event time, a window takes records.
	Grace time.Duration
	// Early says when results are sent before a window ends; Updates, that they are sent
	// again for records within the grace.
	Early      Trigger
	Updates    bool
	Discarding bool // each result is of the records since the one before
}

// A Trigger says when early results are sent; by default, never.
type Trigger struct {
	On     TriggerKind
	Every  time.Duration // with OnClock
	EveryN int           // with OnRecords
}

// A TriggerKind is what a [Trigger] depends on.
type TriggerKind int

// Kinds of triggers.
const (
	Never TriggerKind = iota
	OnClock
	OnRecords
	OnCommit
)

// Check notes what makes no sense.
func (s *Spec) Check(p *flow.Pipeline) {
	p.Named(s.Name, "window")
	s.checkKind(p)
	if s.Grace < 0 {
		p.Mistake("window %q: the grace %v is negative", s.Name, s.Grace)
	}
	s.whole(p, "grace", s.Grace)
	s.checkTriggers(p)
}

func (s *Spec) checkKind(p *flow.Pipeline) {
	switch s.Kind {
	case Tumbling, Hopping:
		if s.Size <= 0 {
			p.Mistake("window %q has no size: set it, as in api.Tumbling(time.Minute)", s.Name)
			return
		}
		s.whole(p, "size", s.Size)
	case Session:
		if s.Gap <= 0 {
			p.Mistake("window %q has no gap: set it, as in api.Session(30*time.Minute)", s.Name)
		}
		s.whole(p, "gap", s.Gap)
	case Daily:
		s.checkZone(p)
	case Global:
	default:
		p.Mistake("window %q is of no kind; set one, as in api.Tumbling(time.Minute)", s.Name)
	}
	if s.Kind == Hopping {
		s.checkHops(p)
	}
}

// maxOverlaps bounds how many windows a record is in.
const maxOverlaps = 100_000

func (s *Spec) checkHops(p *flow.Pipeline) {
	s.whole(p, "interval", s.Every)
	switch {
	case s.Every <= 0:
		p.Mistake("window %q has no interval: set it, as in api.Hopping(time.Hour, time.Minute)", s.Name)
	case s.Every > s.Size:
		p.Mistake("window %q: records between two windows would be in none, because the interval %v is longer than the size %v; swap them, or use a shorter interval", s.Name, s.Every, s.Size)
	case s.Size/s.Every > maxOverlaps:
		p.Mistake("window %q: each record would be in %d windows; use a longer interval than %v", s.Name, s.Size/s.Every, s.Every)
	}
}

func (s *Spec) checkZone(p *flow.Pipeline) {
	if s.Zone == nil {
		p.Mistake("window %q has no time zone: name one, as in time.LoadLocation(\"Europe/Berlin\")", s.Name)
		return
	}
	if s.Zone == time.Local {
		p.Mistake("window %q: the local time zone may differ between machines; name one, as in time.LoadLocation(\"Europe/Berlin\")", s.Name)
		return
	}
	if err := layout.CheckZone(s.Zone); err != nil {
		p.Mistake("window %q: the time zone %q: %w; get it by time.LoadLocation", s.Name, s.Zone, err)
	}
}

func (s *Spec) checkTriggers(p *flow.Pipeline) {
	early := s.Early
	switch {
	case s.Kind == Global && early.On == Never:
		p.Mistake("window %q never ends, so it sends no result; say when, as in api.Global().Early(api.EveryCommit())", s.Name)
	case s.Kind == Global && (s.Updates || s.Grace > 0):
		p.Mistake("window %q never ends, so it has neither Grace nor Updates", s.Name)
	case s.Updates && s.Grace <= 0:
		p.Mistake("window %q: Updates are for records within the grace, which is zero; set Grace, or leave Updates out", s.Name)
	case s.Discarding && early.On == Never && !s.Updates:
		p.Mistake("window %q has one result, so there is nothing for Discarding to discard; set Early or Updates, too", s.Name)
	}
	switch {
	case early.On == OnClock && early.Every < time.Millisecond:
		p.Mistake("window %q: the interval %v of early results is shorter than a millisecond", s.Name, early.Every)
	case early.On == OnRecords && early.EveryN < 1:
		p.Mistake("window %q: the number %d of records of an early result is less than 1", s.Name, early.EveryN)
	}
}

// whole notes a length that isn't in whole milliseconds.
func (s *Spec) whole(p *flow.Pipeline, what string, d time.Duration) {
	if d%time.Millisecond != 0 {
		p.Mistake("window %q: the %s %v isn't a whole number of milliseconds", s.Name, what, d)
	}
}

// grid returns the windows that aren't sessions.
func (s *Spec) grid() *layout.Grid {
	switch s.Kind {
	case Daily:
		return layout.NewDays(s.Zone)
	case Global:
		return layout.NewUnbounded()
	case Hopping:
		return layout.NewGrid(s.Size, s.Every)
	}
	return layout.NewGrid(s.Size, s.Size)
}

// plain reports whether each window has one result.
func (s *Spec) plain() bool { return s.Early.On == Never && !s.Updates }

// params describe the window for the plan. how is what is computed.
func (s *Spec) params(how string) []scheduler.Param {
	params := []scheduler.Param{{Name: "window", Value: string(s.Kind), Affects: scheduler.AffectsState}}
	add := func(affects scheduler.Affects, name, value string) {
		params = append(params, scheduler.Param{Name: name, Value: value, Affects: affects})
	}
	switch s.Kind {
	case Tumbling, Hopping:
		add(scheduler.AffectsState, "size", s.Size.String())
	case Session:
		add(scheduler.AffectsResults, "gap", s.Gap.String())
	case Daily:
		add(scheduler.AffectsState, "zone", s.Zone.String())
	}
	if s.Kind == Hopping {
		add(scheduler.AffectsState, "every", s.Every.String())
	}
	add(scheduler.AffectsState, "keeps", how)
	if s.Kind != Global {
		add(scheduler.AffectsResults, "grace", s.Grace.String())
	}
	if s.Early.On != Never {
		add(scheduler.AffectsResults, "early", s.Early.String())
	}
	if s.Updates {
		add(scheduler.AffectsResults, "updates", "true")
	}
	if s.Discarding {
		add(scheduler.AffectsResults, "discarding", "true")
	}
	return params
}
