package window_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/gretestream/grete/api"
)

// A hit is a record of the tests of windows. No two hits have one ID.
type hit struct {
	ID   int
	User string
	At   int64 // ms
	N    int64
	Word string
}

func hitTime(h hit) time.Time { return time.UnixMilli(h.At) }
func hitUser(h hit) string    { return h.User }

// A textPane is a pane with its value as text.
type textPane = api.Pane[string, string]

// An aggregateCase is an aggregate, and what it means.
type aggregateCase struct {
	name  string
	build func(api.WindowedStream[string, hit]) api.KeyedStream[string, textPane]
	// naive computes the result of the hits of a window, in order of event time, and of arrival
	// among those of one time.
	naive func([]hit) string
}

func asText[R any](s api.KeyedStream[string, api.Pane[string, R]]) api.KeyedStream[string, textPane] {
	return s.MapValues(func(p api.Pane[string, R]) textPane {
		return textPane{Key: p.Key, Start: p.Start, End: p.End, Value: fmt.Sprint(p.Value), Index: p.Index, Timing: p.Timing}
	})
}

// span is an Aggregator whose value has memory of its own.
type span struct{ Least, Greatest []int64 }

type spanAggregator struct{}

func (spanAggregator) Add(s span, h hit) span {
	return spanAggregator{}.Merge(s, span{[]int64{h.N}, []int64{h.N}})
}

func (spanAggregator) Merge(a, b span) span {
	if a.Least == nil {
		return span{slices.Clone(b.Least), slices.Clone(b.Greatest)}
	}
	a.Least[0], a.Greatest[0] = min(a.Least[0], b.Least[0]), max(a.Greatest[0], b.Greatest[0])
	return a
}

func (spanAggregator) Result(s span) string { return fmt.Sprint(s.Greatest[0] - s.Least[0]) }

func n(h hit) int64 { return h.N }

func numbersOf(hits []hit) (all []int64) {
	for _, h := range hits {
		all = append(all, h.N)
	}
	return all
}

func sumOf(hits []hit) (sum int64) {
	for _, h := range hits {
		sum += h.N
	}
	return sum
}

// aggregateCases are all aggregates. Those that can't be merged are the last ones.
func aggregateCases() []aggregateCase {
	return []aggregateCase{
		{"count", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] { return asText(w.Count()) },
			func(hits []hit) string { return fmt.Sprint(len(hits)) }},
		{"sum", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] { return asText(w.Sum(n)) },
			func(hits []hit) string { return fmt.Sprint(sumOf(hits)) }},
		{"min", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] { return asText(w.Min(n)) },
			func(hits []hit) string { return fmt.Sprint(slices.Min(numbersOf(hits))) }},
		{"max", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] { return asText(w.Max(n)) },
			func(hits []hit) string { return fmt.Sprint(slices.Max(numbersOf(hits))) }},
		{"avg", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] { return asText(w.Avg(n)) },
			func(hits []hit) string { return fmt.Sprint(float64(sumOf(hits)) / float64(len(hits))) }},
		{"distinct", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] {
			return asText(w.Distinct(func(h hit) string { return h.Word }))
		}, func(hits []hit) string {
			words := make(map[string]bool)
			for _, h := range hits {
				words[h.Word] = true
			}
			return fmt.Sprint(len(words))
		}},
		{"collect", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] {
			return asText(api.Collect(w))
		},
			func(hits []hit) string { return fmt.Sprint(hits) }},
		{"top", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] {
			return asText(api.TopN(w, 3, func(h hit) int64 { return h.N*1e6 + int64(h.ID) }))
		}, func(hits []hit) string {
			best := slices.Clone(hits)
			slices.SortFunc(best, func(a, b hit) int { return cmp.Or(-cmp.Compare(a.N, b.N), -cmp.Compare(a.ID, b.ID)) })
			return fmt.Sprint(best[:min(3, len(best))])
		}},
		{"reduce", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] {
			return asText(api.ReduceWindow(w, func(a, b hit) hit { return hit{N: max(a.N, b.N)} }).
				MapValues(func(p api.Pane[string, hit]) api.Pane[string, int64] {
					return api.Pane[string, int64]{Key: p.Key, Start: p.Start, End: p.End, Value: p.Value.N, Index: p.Index, Timing: p.Timing}
				}))
		}, func(hits []hit) string { return fmt.Sprint(slices.Max(numbersOf(hits))) }},
		{"aggregate", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] {
			return asText(w.Aggregate(spanAggregator{}))
		}, func(hits []hit) string {
			return fmt.Sprint(slices.Max(numbersOf(hits)) - slices.Min(numbersOf(hits)))
		}},
		{"fold", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] {
			return asText(w.Fold(func(sum float64, h hit) float64 { return sum + float64(h.N) }))
		}, func(hits []hit) string { return fmt.Sprint(float64(sumOf(hits))) }},
		{"fold from", func(w api.WindowedStream[string, hit]) api.KeyedStream[string, textPane] {
			return asText(w.FoldFrom(func() map[string]int64 { return map[string]int64{"sum": 0} }, func(m map[string]int64, h hit) map[string]int64 {
				m["sum"] += h.N
				return m
			}))
		}, func(hits []hit) string { return fmt.Sprint(map[string]int64{"sum": sumOf(hits)}) }},
	}
}

// A naiveWindow is a window with its hits.
type naiveWindow struct {
	start, end int64
	hits       []hit
}

// A kindCase is a kind of windows, and what it means.
type kindCase struct {
	name   string
	merges bool // it needs aggregates that can be merged
	hops   bool
	gap    int64 // of sessions, ms; 0: the windows are at fixed times
	scale  int64 // of the times of hits
	from   int64 // the time of the first hit, ms
	window api.Window
	// naive divides the hits of one user, in order of time.
	naive func([]hit) []naiveWindow
}

func randomKind(rnd *rand.Rand) kindCase {
	size, gap := 1+rnd.Int64N(90_000), 1+rnd.Int64N(15_000)
	every := 1000 + rnd.Int64N(15_000)
	hop := every * (1 + rnd.Int64N(8))
	odd := every + rnd.Int64N(40_000)
	kinds := []kindCase{
		{name: "tumbling", window: api.Tumbling(ms(size)), naive: func(hits []hit) []naiveWindow { return naiveHops(hits, size, size) }},
		{name: "hopping", hops: true, window: api.Hopping(ms(hop), ms(every)), naive: func(hits []hit) []naiveWindow { return naiveHops(hits, hop, every) }},
		{name: "odd hopping", hops: true, window: api.Hopping(ms(odd), ms(every)), naive: func(hits []hit) []naiveWindow { return naiveHops(hits, odd, every) }},
		{name: "session", merges: true, gap: gap, window: api.Session(ms(gap)), naive: func(hits []hit) []naiveWindow { return naiveSessions(hits, gap) }},
		randomDays(rnd),
	}
	k := kinds[rnd.IntN(len(kinds))]
	if k.scale == 0 {
		k.scale, k.from = 1, at(0)
	}
	return k
}

func randomDays(rnd *rand.Rand) kindCase {
	zone, err := time.LoadLocation([]string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"}[rnd.IntN(4)])
	if err != nil {
		panic(err)
	}
	from := time.Date(2026, []time.Month{time.March, time.October}[rnd.IntN(2)], 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	return kindCase{name: "daily", scale: 3600, from: from, window: api.Daily(zone), naive: func(hits []hit) []naiveWindow { return naiveDays(hits, zone) }}
}

// naiveDays divides hits by what calendars show.
func naiveDays(hits []hit, zone *time.Location) []naiveWindow {
	byDate := make(map[string][]hit)
	for _, h := range hits {
		date := hitTime(h).In(zone).Format(time.DateOnly)
		byDate[date] = append(byDate[date], h)
	}
	var all []naiveWindow
	for date, hits := range byDate {
		start, err := time.ParseInLocation(time.DateOnly, date, zone)
		if err != nil {
			panic(err)
		}
		all = append(all, naiveWindow{start.UnixMilli(), start.AddDate(0, 0, 1).UnixMilli(), hits})
	}
	return all
}

// naiveSessions begins a session with each hit that is more than the gap after the last one.
func naiveSessions(hits []hit, gap int64) (all []naiveWindow) {
	for _, h := range hits {
		if n := len(all); n > 0 && h.At <= all[n-1].end {
			all[n-1].end = h.At + gap
			all[n-1].hits = append(all[n-1].hits, h)
			continue
		}
		all = append(all, naiveWindow{h.At, h.At + gap, []hit{h}})
	}
	return all
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// naiveHops puts each hit into each window that it is in, by trying all of them.
func naiveHops(hits []hit, size, every int64) []naiveWindow {
	byStart := make(map[int64][]hit)
	for _, h := range hits {
		for start := (h.At/every - size/every - 2) * every; start <= h.At; start += every {
			if start <= h.At && h.At < start+size {
				byStart[start] = append(byStart[start], h)
			}
		}
	}
	var all []naiveWindow
	for start, hits := range byStart {
		all = append(all, naiveWindow{start, start + size, hits})
	}
	return all
}

// naivePanes are the final panes of all hits.
func naivePanes(k kindCase, a aggregateCase, hits []hit) []textPane {
	byUser := make(map[string][]hit)
	for _, h := range hits {
		byUser[h.User] = append(byUser[h.User], h)
	}
	var all []textPane
	for user, hits := range byUser {
		slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.At, b.At) })
		for _, w := range k.naive(hits) {
			all = append(all, textPane{Key: user, Start: time.UnixMilli(w.start).UTC(), End: time.UnixMilli(w.end).UTC(), Value: a.naive(w.hits), Timing: api.Final})
		}
	}
	sortPanes(all)
	return all
}

func sortPanes(panes []textPane) {
	slices.SortFunc(panes, func(a, b textPane) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), a.Start.Compare(b.Start), cmp.Compare(a.Index, b.Index))
	})
}

// A source makes hits whose times go on, and back by at most the disorder. Some have one time.
type source struct {
	rnd      *rand.Rand
	kind     kindCase
	disorder int64 // ms
	now      int64 // ms since the first hit
	id       int
}

func (s *source) hits() []hit {
	var hits []hit
	for range s.rnd.IntN(50) {
		if s.rnd.IntN(5) > 0 {
			s.now += s.rnd.Int64N(2500)
		}
		s.id++
		hits = append(hits, hit{
			ID: s.id, User: "u" + strconv.Itoa(s.rnd.IntN(5)), At: s.kind.from + (s.now-s.rnd.Int64N(s.disorder+1))*s.kind.scale,
			N: s.rnd.Int64N(100), Word: "w" + strconv.Itoa(s.rnd.IntN(9)),
		})
	}
	return hits
}

// at is a time in the tests, in ms since 1970.
func at(second int) int64 { return 1_700_000_000_000 + int64(second)*1000 }

// seeds is how many random runs a model test makes; GRETE_SEEDS has it more.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("GRETE_SEEDS"), 10, 64); err == nil {
		return n
	}
	return 150
}
