package join_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// seeds is how many random runs a model test makes; GRETE_SEEDS has it more.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("GRETE_SEEDS"), 10, 64); err == nil {
		return n
	}
	return 150
}

// A click or an impression of an ad; IDs are unique in their topic.
type click struct {
	Ad string
	ID int
	At int64 // ms
}

func (c click) ad() string      { return c.Ad }
func (c click) time() time.Time { return time.UnixMilli(c.At) }

type impression struct {
	Ad string
	ID int
	At int64 // ms
}

func (i impression) ad() string      { return i.Ad }
func (i impression) time() time.Time { return time.UnixMilli(i.At) }

// pairOf is the result of a join: "c1 i2", "c1 -", or "- i2".
func pairOf(c *click, i *impression) string {
	left, right := "-", "-"
	if c != nil {
		left = fmt.Sprint("c", c.ID)
	}
	if i != nil {
		right = fmt.Sprint("i", i.ID)
	}
	return left + " " + right
}

// A joinTest is a join of clicks with the impressions at most before earlier and at most
// after later.
type joinTest struct {
	kind                           string
	before, after, grace, disorder time.Duration
}

// app writes the results, each with its event time, to "pairs", and late records to
// "late-clicks" and "late-impressions".
func (j joinTest) app() *api.App {
	app := api.New("ads")
	clicks := app.From("clicks", api.EventTime(click.time).Disorder(j.disorder)).PartitionBy("clicks-by-ad", click.ad)
	impressions := app.From("impressions", api.EventTime(impression.time).Disorder(j.disorder)).PartitionBy("impressions-by-ad", impression.ad)
	pairs := j.join(clicks, impressions.WithinRange(j.before, j.after).Grace(j.grace))
	api.LateOf[click](pairs).To("late-clicks")
	api.LateOf[impression](pairs).To("late-impressions")
	// A window of a millisecond tells the event time, and takes each result only if the join
	// has held its watermark back for it.
	pairs.Window("at", api.Tumbling(time.Millisecond)).
		FoldFrom(func() []string { return nil }, func(all []string, pair string) []string { return append(all, pair) }).
		Map(func(p api.Pane[string, []string]) []string {
			for i := range p.Value {
				p.Value[i] += fmt.Sprint(" ", p.Start.UnixMilli())
			}
			return p.Value
		}).
		To("pairs")
	return app
}

func (j joinTest) join(clicks api.KeyedStream[string, click], impressions api.JoinSide[string, impression]) api.KeyedStream[string, string] {
	switch j.kind {
	case "left":
		return clicks.LeftJoin("j", impressions, func(c click, i *impression) string { return pairOf(&c, i) })
	case "outer":
		return clicks.OuterJoin("j", impressions, pairOf)
	}
	return clicks.Join("j", impressions, func(c click, i impression) string { return pairOf(&c, &i) })
}

// model joins by nested loops.
func (j joinTest) model(clicks []click, impressions []impression) []string {
	var pairs []string
	matched := map[int]bool{}
	for _, c := range clicks {
		alone := true
		for _, i := range impressions {
			if c.Ad == i.Ad && i.At >= c.At-j.before.Milliseconds() && i.At <= c.At+j.after.Milliseconds() {
				pairs = append(pairs, fmt.Sprint(pairOf(&c, &i), " ", max(c.At, i.At)))
				alone, matched[i.ID] = false, true
			}
		}
		if alone && j.kind != "inner" {
			pairs = append(pairs, fmt.Sprint(pairOf(&c, nil), " ", c.At))
		}
	}
	for _, i := range impressions {
		if !matched[i.ID] && j.kind == "outer" {
			pairs = append(pairs, fmt.Sprint(pairOf(nil, &i), " ", i.At))
		}
	}
	slices.Sort(pairs)
	return pairs
}

// A join is one by nested loops over all records that weren't late, each of which is either
// joined or late: whatever the order of arrival, partitions, containers and crashes.
func TestJoin_MatchesModel(t *testing.T) {
	late, paired := 0, 0
	for seed := range seeds() {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			n, m := checkJoin(t, rand.New(rand.NewPCG(seed, 1)))
			late, paired = late+n, paired+m
		})
	}
	if late == 0 || paired == 0 {
		t.Errorf("%d late records, %d pairs: the inputs are too tame", late, paired)
	}
}

func checkJoin(t *testing.T, rnd *rand.Rand) (late, paired int) {
	ms := func(n int) time.Duration { return time.Duration(rnd.IntN(n)) * time.Millisecond }
	j := joinTest{[]string{"inner", "left", "outer"}[rnd.IntN(3)], ms(60), ms(60), ms(30), ms(30)}
	options := apitest.Options{Partitions: 1 + rnd.Int32N(3), Containers: 1 + rnd.IntN(3)}
	if rnd.IntN(3) == 0 {
		options.IdleTimeout = time.Second
	}
	x := apitest.New(t, j.app(), options)
	var clicks []click
	var impressions []impression
	var got []string
	collect := func() {
		for _, pairs := range x.Output[[]string]("pairs") {
			got = append(got, pairs...)
		}
	}
	now, ads, wild := int64(1_400_000_000_000), 1+rnd.IntN(4), int64(1+rnd.IntN(90))
	next := func() (ad string, at int64) {
		now += rnd.Int64N(8) / 2 // often the same time
		return fmt.Sprint("ad", rnd.IntN(ads)), now - rnd.Int64N(wild)
	}
	for range 3 + rnd.IntN(20) {
		for range rnd.IntN(20) {
			ad, at := next()
			clicks = append(clicks, click{ad, len(clicks), at})
			x.Send("clicks", clicks[len(clicks)-1])
		}
		for range rnd.IntN(20) {
			ad, at := next()
			impressions = append(impressions, impression{ad, len(impressions), at})
			x.Send("impressions", impressions[len(impressions)-1])
		}
		switch rnd.IntN(5) {
		case 0:
			x.Crash()
			x.Restart()
		case 1:
			collect()
		case 2:
			x.Wait(time.Second)
		}
	}
	if options.IdleTimeout > 0 || rnd.IntN(2) == 0 {
		x.End() // idle inputs don't move event time
	} else {
		x.Advance(time.Hour)
	}
	collect()
	lateClicks, lateImpressions := x.Output[click]("late-clicks"), x.Output[impression]("late-impressions")
	clicks = slices.DeleteFunc(clicks, func(c click) bool { return slices.Contains(lateClicks, c) })
	impressions = slices.DeleteFunc(impressions, func(i impression) bool { return slices.Contains(lateImpressions, i) })
	slices.Sort(got)
	if want := j.model(clicks, impressions); !slices.Equal(got, want) {
		t.Errorf("%+v, %+v:\n got %v\nwant %v", j, options, got, want)
	}
	return len(lateClicks) + len(lateImpressions), len(got)
}
