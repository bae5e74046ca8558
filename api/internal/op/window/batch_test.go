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

// Final panes are those of a batch over all records that weren't late, whatever the kind of
// window, the aggregate, the trigger, the order of arrival within the disorder, the number of
// partitions and containers, and however often the job is killed or stopped.
func TestWindows_MatchBatch(t *testing.T) {
	for seed := range 2 * seeds() {
		rnd := rand.New(rand.NewPCG(seed, 7))
		kind := randomKind(rnd)
		aggregates := aggregateCases()
		if kind.merges {
			aggregates = aggregates[:len(aggregates)-2]
		}
		agg := aggregates[rnd.IntN(len(aggregates))]
		t.Run(fmt.Sprintf("seed %d, %s, %s", seed, kind.name, agg.name), func(t *testing.T) {
			matchBatch(t, rnd, kind, agg)
		})
	}
}

func matchBatch(t *testing.T, rnd *rand.Rand, kind kindCase, agg aggregateCase) {
	const disorder = 5000
	w := kind.window.Grace(ms(rnd.Int64N(20_000)))
	app := api.New("model")
	windowed := app.From("hits", api.EventTime(hitTime).Disorder(ms(disorder))).PartitionBy("by-user", hitUser).Window("w", w)
	agg.build(windowed).To("panes")
	windowed.Late().To("late")
	x := apitest.New(t, app, apitest.Options{Partitions: 1 + rnd.Int32N(4), Containers: 1 + rnd.IntN(3)})
	var hits []hit
	var got []textPane
	now, id := at(0), 0
	for range 3 + rnd.IntN(25) {
		some := randomHits(rnd, &now, &id, disorder)
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
		x.Advance(100 * time.Hour)
	}
	got = append(got, x.Output[textPane]("panes")...)
	if late := x.Output[hit]("late"); len(late) > 0 {
		t.Errorf("late: %v", late)
	}
	sortPanes(got)
	expectPanes(t, got, naivePanes(kind, agg, hits))
}

func expectPanes(t *testing.T, got, want []textPane) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	var text strings.Builder
	for _, p := range got {
		if !slices.Contains(want, p) {
			fmt.Fprintf(&text, "\n got %v", p)
		}
	}
	for _, p := range want {
		if !slices.Contains(got, p) {
			fmt.Fprintf(&text, "\nwant %v", p)
		}
	}
	t.Errorf("%d panes, want %d%s", len(got), len(want), text.String())
}
