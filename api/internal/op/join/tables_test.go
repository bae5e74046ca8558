package join_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// A reading of a sensor, or its calibration.
type reading struct {
	Sensor string
	N      int64
	At     int64 // ms
}

func (r reading) time() time.Time { return time.UnixMilli(r.At) }

func last(_, r reading) reading { return r }

// calibrated joins readings with the latest calibration of their sensor.
func calibrated() *api.App {
	app := api.New("sensors")
	readings := app.FromKeyed[string, reading]("readings", api.EventTime(reading.time))
	calibrations := app.FromKeyed[string, reading]("calibrations", api.EventTime(reading.time)).Reduce("calibration", last)
	readings.LeftJoin("calibrated", calibrations, func(r reading, c *reading) string {
		if c == nil {
			return fmt.Sprint(r.N, " -")
		}
		return fmt.Sprint(r.N, " ", c.N)
	}).To("calibrated")
	return app
}

// What a job has processed record by record, as they came, another one gets from a backlog:
// it takes records in order of event time, and of equal ones those of the table first.
func TestJoinTable_CatchesUpAsOneThatKeepsUp(t *testing.T) {
	for seed := range min(seeds(), 60) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		options := apitest.Options{Partitions: 1 + rnd.Int32N(3), Containers: 1 + rnd.IntN(2)}
		live, late := apitest.New(t, calibrated(), options), apitest.New(t, calibrated(), options)
		late.Crash()
		now := int64(1_400_000_000_000)
		tables := map[string]int64{}
		var want []string
		for n := range int64(100 + rnd.IntN(200)) {
			now += rnd.Int64N(20) / 2
			sensor := fmt.Sprint("s", rnd.IntN(4))
			topic := "readings"
			if rnd.IntN(3) == 0 {
				topic = "calibrations"
				now++ // after the readings so far; the ones that follow may have the same time
			}
			r := reading{sensor, n, now}
			live.SendKeyed(topic, sensor, r)
			late.SendKeyed(topic, sensor, r)
			if topic == "calibrations" {
				tables[sensor] = n
			} else if c, ok := tables[sensor]; ok {
				want = append(want, fmt.Sprint(n, " ", c))
			} else {
				want = append(want, fmt.Sprint(n, " -"))
			}
			if rnd.IntN(3) > 0 {
				live.Wait(time.Millisecond)
			}
		}
		late.Restart()
		for name, x := range map[string]*apitest.Test{"live": live, "late": late} {
			got := x.Output[string]("calibrated")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %s, %+v:\n got %v\nwant %v", seed, name, options, got, want)
			}
		}
	}
}

// A table that is looked up doesn't hold the watermark back, and inner joins drop records
// without a row. A restart forgets no row.
func TestJoinTable_Inner(t *testing.T) {
	app := api.New("sensors")
	readings := app.FromKeyed[string, reading]("readings", api.EventTime(reading.time).Disorder(0))
	names := app.FromKeyed[string, string]("names").Reduce("name", func(_, n string) string { return n })
	readings.Join("named", names.MapValues(strings.ToUpper), func(r reading, name string) string { return name }).
		Window("w", api.Tumbling(time.Second)).Count().
		Map(func(p api.Pane[string, int64]) int64 { return p.Value }).To("counts")
	x := apitest.New(t, app)
	x.SendKeyed("names", "a", "attic")
	x.Wait(0)
	x.Restart()
	x.SendKeyed("readings", "a", reading{"a", 1, 500})
	x.SendKeyed("readings", "b", reading{"b", 1, 600})
	x.SendKeyed("readings", "a", reading{"a", 2, 2500})
	x.Expect("counts", int64(1))
}

// A row change of the table of joined rows.
type rowChange struct {
	Key      string
	Old, New string
}

func joinedTables(kind string, self bool) *api.App {
	app := api.New("tables")
	// A row is deleted by a value below 0.
	table := func(topic string) api.Table[string, int64] {
		return app.FromKeyed[string, int64](topic).Reduce(topic+"-last", func(_, n int64) int64 { return n }).Filter(func(n int64) bool { return n >= 0 })
	}
	text := func(l, r *int64) string {
		show := func(n *int64) string {
			if n == nil {
				return "-"
			}
			return fmt.Sprint(*n)
		}
		return show(l) + " " + show(r)
	}
	left := table("left")
	right := left
	if !self {
		right = table("right")
	} else {
		app.FromKeyed[string, int64]("right").To("unused")
	}
	var joined api.Table[string, string]
	switch kind {
	case "inner":
		joined = left.Join("j", right, func(l, r int64) string { return text(&l, &r) })
	case "left":
		joined = left.LeftJoin("j", right, func(l int64, r *int64) string { return text(&l, r) })
	default:
		joined = left.OuterJoin("j", right, text)
	}
	changed := api.Changes(joined).MapWithKey(func(key string, c api.Change[string]) rowChange {
		r := rowChange{Key: key}
		if c.Old != nil {
			r.Old = *c.Old
		}
		if c.New != nil {
			r.New = *c.New
		}
		return r
	})
	changed.To("changes")
	// A table that is made of joined rows is looked up, too.
	app.FromKeyed[string, int64]("probes").Join("probe", joined, func(_ int64, row string) string { return row }).To("probed")
	return app
}

// The changes of a join of tables, applied in order, give the join of the tables; each Old is
// the New before it.
func TestJoinTables_MatchesModel(t *testing.T) {
	for seed := range min(seeds(), 100) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		kind, self := []string{"inner", "left", "outer"}[rnd.IntN(3)], rnd.IntN(4) == 0
		x := apitest.New(t, joinedTables(kind, self), apitest.Options{Partitions: 1 + rnd.Int32N(3), Containers: 1 + rnd.IntN(2)})
		sides := map[string]map[string]int64{"left": {}, "right": {}}
		got, changes := map[string]string{}, 0
		collect := func() {
			for _, c := range x.Output[rowChange]("changes") {
				changes++
				if got[c.Key] != c.Old || c.Old == "" && c.New == "" {
					t.Fatalf("seed %d, %s, self %v: change %+v of row %q", seed, kind, self, c, got[c.Key])
				}
				if got[c.Key] = c.New; c.New == "" {
					delete(got, c.Key)
				}
			}
		}
		for n := range int64(20 + rnd.IntN(100)) {
			side, key := []string{"left", "right"}[rnd.IntN(2)], fmt.Sprint("k", rnd.IntN(3))
			if rnd.IntN(3) == 0 {
				n = -1
			}
			sides[side][key] = n
			x.SendKeyed(side, key, n)
			switch rnd.IntN(8) {
			case 0:
				x.Restart()
			case 1:
				collect()
			}
		}
		collect()
		want := map[string]string{}
		for _, key := range []string{"k0", "k1", "k2"} {
			l, hasL := sides["left"][key]
			r, hasR := sides["right"][key]
			if self {
				r, hasR = l, hasL
			}
			hasL, hasR = hasL && l >= 0, hasR && r >= 0
			switch {
			case hasL && hasR:
				want[key] = fmt.Sprint(l, " ", r)
			case hasL && kind != "inner":
				want[key] = fmt.Sprint(l, " -")
			case hasR && kind == "outer":
				want[key] = fmt.Sprint("- ", r)
			}
			x.SendKeyed("probes", key, int64(1))
		}
		var rows []string
		for _, row := range want {
			rows = append(rows, row)
		}
		probed := x.Output[string]("probed")
		slices.SortFunc(rows, cmp.Compare)
		slices.Sort(probed)
		if fmt.Sprint(got) != fmt.Sprint(want) || !slices.Equal(probed, rows) {
			t.Fatalf("seed %d, %s, self %v:\n got %v, probed %v\nwant %v", seed, kind, self, got, probed, want)
		}
	}
}

func TestJoinTables_ReportsMistakes(t *testing.T) {
	app, other := api.New("mistakes"), api.New("other")
	s := app.FromKeyed[string, int64]("s")
	n := s.Count("n")
	n.Join("both", n.MapValues(func(n int64) int64 { return n }), func(a, b int64) int64 { return a })
	n.Join("apps", other.FromKeyed[string, int64]("s").Count("n"), func(a, b int64) int64 { return a })
	n.Join("none", n, (func(a, b int64) int64)(nil))
	s.OuterJoin("outer", n, func(a, b *int64) int64 { return 1 })
	_, err := app.Pipeline().Graph()
	if err == nil {
		t.Fatal("no mistake was found")
	}
	for _, want := range []string{
		`join "both": both sides show rows of table "n"`, `join "apps": the tables belong to different apps`,
		`join "none": the function is missing`, `join "outer": OuterJoin needs two streams or two tables`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s in %v", want, err)
		}
	}
}
