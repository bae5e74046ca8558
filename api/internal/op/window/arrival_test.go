package window_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// With one partition the order of arrival is known. Then each pane and each late record is
// the one of a naive machine that takes records one by one: early and updated ones,
// retractions, and those that discard.
func TestWindows_MatchArrival(t *testing.T) {
	for seed := range 2 * seeds() {
		rnd := rand.New(rand.NewPCG(seed, 8))
		kind, agg := randomCase(rnd)
		t.Run(fmt.Sprintf("seed %d, %s, %s", seed, kind.name, agg.name), func(t *testing.T) {
			matchArrival(t, rnd, kind, agg)
		})
	}
}

func matchArrival(t *testing.T, rnd *rand.Rand, kind kindCase, agg aggregateCase) {
	disorder := rnd.Int64N(3000) * kind.scale
	m := &machine{kind: kind, agg: agg, grace: rnd.Int64N(10_000) * kind.scale, panes: make(map[string][]textPane)}
	w := kind.window.Grace(ms(m.grace))
	if rnd.IntN(2) == 0 {
		m.every = 1 + rnd.IntN(5)
		w = w.Early(api.EveryN(m.every))
	}
	if m.grace > 0 && rnd.IntN(2) == 0 {
		m.updates = true
		w = w.Updates()
	}
	elements := agg.name == "collect" || agg.name == "distinct"
	if (m.every > 0 || m.updates) && (!kind.hops || !elements) && rnd.IntN(3) == 0 {
		m.discarding = true
		w = w.Discarding()
	}
	app := api.New("model")
	windowed := app.FromKeyed[string]("hits", api.EventTime(hitTime).Disorder(ms(disorder))).Window("w", w)
	agg.build(windowed).To("panes")
	windowed.Late().To("late")
	x := apitest.New(t, app)
	feed := source{rnd: rnd, kind: kind, disorder: 12_000}
	m.watermark = -1 << 60
	for range 2 + rnd.IntN(8) {
		for _, h := range feed.hits() {
			x.SendKeyed("hits", h.User, h)
			m.take(h)
			m.advance(h.At - disorder)
		}
		if rnd.IntN(3) == 0 {
			x.Crash()
			x.Restart()
		}
	}
	x.Advance(ms(1e9 * kind.scale))
	m.advance(1 << 60)
	got := make(map[string][]textPane)
	for _, p := range x.Output[textPane]("panes") {
		got[p.Key] = append(got[p.Key], p)
	}
	for _, user := range []string{"u0", "u1", "u2", "u3", "u4"} {
		if !slices.Equal(got[user], m.panes[user]) {
			t.Error(user)
			expectPanes(t, got[user], m.panes[user])
		}
	}
	if late := x.Output[hit]("late"); !slices.Equal(late, m.late) {
		t.Errorf("late: got %v\nwant %v", late, m.late)
	}
}

// A machine is windows as people would keep them: lists of hits.
type machine struct {
	kind                kindCase
	agg                 aggregateCase
	grace, watermark    int64
	every               int
	updates, discarding bool

	open  []*openWindow
	panes map[string][]textPane // by user
	late  []hit
}

type openWindow struct {
	user        string
	start, end  int64
	hits, fresh []hit
	index       int
	final       bool
	sent        textPane
}

func (m *machine) take(h hit) {
	if m.kind.gap > 0 {
		m.takeSession(h)
		return
	}
	spans := m.kind.naive([]hit{h})
	slices.SortFunc(spans, func(a, b naiveWindow) int { return cmp.Compare(a.start, b.start) })
	late := true
	for _, s := range spans {
		if s.end+m.grace > m.watermark {
			late = false
			m.add(m.window(h.User, s.start, s.end), h)
		}
	}
	if late {
		m.late = append(m.late, h)
	}
}

// window returns the open window of a user with a start, a new one if there is none.
func (m *machine) window(user string, start, end int64) *openWindow {
	for _, w := range m.open {
		if w.user == user && w.start == start {
			return w
		}
	}
	w := &openWindow{user: user, start: start, end: end}
	m.open = append(m.open, w)
	return w
}

func (m *machine) takeSession(h hit) {
	start, end := h.At, h.At+m.kind.gap
	var meets []*openWindow
	for _, w := range m.open {
		if w.user == h.User && w.start-m.kind.gap <= h.At && h.At <= w.end {
			meets = append(meets, w)
			start, end = min(start, w.start), max(end, w.end)
		}
	}
	if end+m.grace <= m.watermark {
		m.late = append(m.late, h)
		return
	}
	slices.SortFunc(meets, func(a, b *openWindow) int { return cmp.Compare(a.start, b.start) })
	whole := &openWindow{user: h.User, start: start, end: end}
	for _, w := range meets {
		m.open = slices.DeleteFunc(m.open, func(o *openWindow) bool { return o == w })
		if w.start == start {
			whole.index, whole.final, whole.sent = w.index, w.final, w.sent
		} else if w.index > 0 && !m.discarding {
			w.sent.Index, w.sent.Timing = w.index, api.Retraction
			m.panes[w.user] = append(m.panes[w.user], w.sent)
		}
		whole.hits, whole.fresh = append(whole.hits, w.hits...), append(whole.fresh, w.fresh...)
	}
	m.open = append(m.open, whole)
	m.add(whole, h)
}

func (m *machine) add(w *openWindow, h hit) {
	w.hits, w.fresh = append(w.hits, h), append(w.fresh, h)
	switch {
	case m.updates && w.end <= m.watermark && w.final:
		m.send(w, api.Update)
	case m.updates && w.end <= m.watermark:
		m.send(w, api.Final)
	case m.every > 0 && len(w.fresh) >= m.every:
		m.send(w, api.Early)
	}
}

func (m *machine) send(w *openWindow, timing api.Timing) {
	hits := slices.Clone(w.hits)
	if m.discarding {
		hits = slices.Clone(w.fresh)
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	w.sent = textPane{
		Key: w.user, Start: time.UnixMilli(w.start).UTC(), End: time.UnixMilli(w.end).UTC(), Value: m.agg.naive(hits), Index: w.index, Timing: timing,
	}
	m.panes[w.user] = append(m.panes[w.user], w.sent)
	w.index++
	w.fresh, w.final = nil, w.final || timing == api.Final
}

// advance moves the watermark, and sends what that makes due, in the order of time.
func (m *machine) advance(to int64) {
	m.watermark = max(m.watermark, to)
	slices.SortStableFunc(m.open, func(a, b *openWindow) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.start, b.start)) })
	m.open = slices.DeleteFunc(m.open, func(w *openWindow) bool {
		due := w.end + m.grace
		if m.updates {
			due = w.end
		}
		if due <= m.watermark && (len(w.fresh) > 0 || !w.final && !m.discarding) {
			timing := api.Final
			if w.final {
				timing = api.Update
			}
			m.send(w, timing)
		}
		return w.end+m.grace <= m.watermark
	})
}
