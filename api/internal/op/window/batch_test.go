package window_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// What is left of all panes at the end is what a batch over all records makes, whatever the kind
// of window, the aggregate, the trigger, the order of arrival within the disorder, the number of
// partitions and containers, and however often the job is killed or stopped.
func TestWindows_MatchBatch(t *testing.T) {
	for seed := range 2 * seeds() {
		rnd := rand.New(rand.NewPCG(seed, 7))
		kind, agg := randomCase(rnd)
		t.Run(fmt.Sprintf("seed %d, %s, %s", seed, kind.name, agg.name), func(t *testing.T) {
			matchBatch(t, rnd, kind, agg)
		})
	}
}

// randomCase returns a kind of windows, and an aggregate that fits it.
func randomCase(rnd *rand.Rand) (kindCase, aggregateCase) {
	kind, aggregates := randomKind(rnd), aggregateCases()
	if kind.merges {
		aggregates = aggregates[:len(aggregates)-2]
	}
	return kind, aggregates[rnd.IntN(len(aggregates))]
}

// randomTriggers are the windows with triggers, whose results still have all records.
func randomTriggers(rnd *rand.Rand, w api.Window) api.Window {
	switch rnd.IntN(6) {
	case 0:
		w = w.Early(api.EveryCommit())
	case 1:
		w = w.Early(api.EveryN(1 + rnd.IntN(5)))
	case 2:
		w = w.Early(api.Every(ms(1 + rnd.Int64N(3000))))
	}
	if rnd.IntN(3) == 0 {
		w = w.Updates()
	}
	return w
}

func matchBatch(t *testing.T, rnd *rand.Rand, kind kindCase, agg aggregateCase) {
	feed := source{rnd: rnd, kind: kind, disorder: 5000}
	w := randomTriggers(rnd, kind.window.Grace(ms(1+rnd.Int64N(20_000)*kind.scale)))
	app := api.New("model")
	windowed := app.From("hits", api.EventTime(hitTime).Disorder(ms(feed.disorder*kind.scale))).PartitionBy("by-user", hitUser).Window("w", w)
	agg.build(windowed).To("panes")
	windowed.Late().To("late")
	x := apitest.New(t, app, apitest.Options{Partitions: 1 + rnd.Int32N(4), Containers: 1 + rnd.IntN(3)})
	var hits []hit
	var got []textPane
	for range 3 + rnd.IntN(25) {
		some := feed.hits()
		hits = append(hits, some...)
		x.Send("hits", some...)
		switch rnd.IntN(6) {
		case 0:
			x.Crash()
			x.Restart()
		case 1:
			got = append(got, x.Output[textPane]("panes")...)
		case 2:
			x.Wait(time.Second)
		}
	}
	if rnd.IntN(2) == 0 {
		x.End()
	} else {
		x.Advance(ms(1e9 * kind.scale))
	}
	got = append(got, x.Output[textPane]("panes")...)
	if late := x.Output[hit]("late"); len(late) > 0 {
		t.Errorf("late: %v", late)
	}
	expectPanes(t, settled(t, got), naivePanes(kind, agg, hits))
}

// settled returns the panes that are left of a sequence: the last one of each window that wasn't
// taken back, as if it were the only one.
func settled(t *testing.T, panes []textPane) []textPane {
	t.Helper()
	type window struct {
		key   string
		start time.Time
	}
	last, final := make(map[window]textPane), make(map[window]bool)
	for _, p := range panes {
		w := window{p.Key, p.Start}
		before, some := last[w]
		if some && p.Index != before.Index+1 || !some && p.Index != 0 {
			t.Errorf("%v comes after %v", p, before)
		}
		if p.Timing == api.Final && final[w] || p.Timing == api.Update && !final[w] || p.Timing == api.Early && final[w] && w.start != p.Start {
			t.Errorf("%v comes after a final pane: %v", p, final[w])
		}
		last[w], final[w] = p, final[w] || p.Timing == api.Final
		if p.Timing == api.Retraction {
			if p.Value != before.Value || p.End != before.End {
				t.Errorf("%v takes %v back", p, before)
			}
			delete(last, w)
			delete(final, w)
		}
	}
	var left []textPane
	for w, p := range last {
		if !final[w] {
			t.Errorf("%v isn't final", p)
		}
		p.Index, p.Timing = 0, api.Final
		left = append(left, p)
	}
	sortPanes(left)
	return left
}

func expectPanes(t *testing.T, got, want []textPane) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	var text strings.Builder
	for i, p := range got {
		if !slices.Contains(want, p) {
			fmt.Fprintf(&text, "\n got %d: %v", i, p)
		}
	}
	for i, p := range want {
		if !slices.Contains(got, p) {
			fmt.Fprintf(&text, "\nwant %d: %v", i, p)
		}
	}
	t.Errorf("%d panes, want %d%s", len(got), len(want), text.String())
}
