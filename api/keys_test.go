package api_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

type (
	hiddenKey struct{ user, page string }
	hiddenSum struct {
		Count int
		sum   float64
	}
	leftOut struct {
		Count int
		cache map[string]int `grete:"-"`
	}
)

// A type whose stored form loses data is a mistake at the line that uses it.
func TestMistakes_LostFields(t *testing.T) {
	app := api.New("losses")
	views := app.From[view]("views")
	users := views.PartitionBy("by-user", userOf)
	views.PartitionBy("by-both", func(v view) hiddenKey { return hiddenKey{v.User, v.Page} }).Count("per-both")
	users.Fold("sums", func(s hiddenSum, _ view) hiddenSum { s.sum++; return s })
	users.Window("errs", api.Tumbling(time.Minute)).Fold(func(s struct{ Last error }, _ view) struct{ Last error } { return s })
	views.PartitionBy("by-any", func(v view) any { return v.User })
	users.Fold("caches", func(s leftOut, _ view) leftOut { s.cache = nil; return s })
	users.Fold("anything", func(s map[string]any, _ view) map[string]any { return s })
	users.Fold("hidden-again", func(s hiddenSum, _ view) hiddenSum { return s })
	_, err := app.Pipeline().Graph()
	if err == nil {
		t.Fatal("no mistake was found")
	}
	wants := []string{
		`keys_test.go:32: repartition "by-both": the type api_test.hiddenKey can't be a key: api_test.hiddenKey.user isn't exported`,
		`keys_test.go:33: table "sums": values of type api_test.hiddenSum wouldn't be kept whole: api_test.hiddenSum.sum isn't exported`,
		`keys_test.go:34: window "errs": values of type struct { Last error }`,
		`keys_test.go:35: repartition "by-any": the type interface {} can't be a key`,
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; t.Failed() || n != len(wants) {
		t.Errorf("%d mistakes\n%v", n, err)
	}
}

// A serde of its own keeps what JSON doesn't.
func TestMistakes_OwnSerdeKeepsAll(t *testing.T) {
	app := api.New("own", api.DefaultSerde(hiddenKeySerde{}))
	app.From[view]("views").PartitionBy("by-both", func(v view) hiddenKey { return hiddenKey{v.User, v.Page} }).
		Fold("last", func(_ hiddenKey, v view) hiddenKey { return hiddenKey{v.User, v.Page} })
	if _, err := app.Pipeline().Graph(); err != nil {
		t.Error(err)
	}
}

type hiddenKeySerde struct{}

func (hiddenKeySerde) Append(dst []byte, k hiddenKey) ([]byte, error) {
	return append(dst, k.user+"/"+k.page...), nil
}
func (hiddenKeySerde) Parse(src []byte) (k hiddenKey, err error) {
	k.user, k.page, _ = strings.Cut(string(src), "/")
	return k, nil
}

type reading struct {
	Degrees float64
	At      time.Time
}

// Keys that are equal in Go are one key, and a time is one key in all zones.
func TestPartitionBy_CanonicalKeys(t *testing.T) {
	app := api.New("readings")
	in := app.From[reading]("in")
	in.PartitionBy("by-degrees", func(r reading) float64 { return r.Degrees }).Count("per-degree").
		Updates().MapWithKey(func(k float64, n int64) string { return fmt.Sprint(k, " ", n) }).To("degrees")
	in.PartitionBy("by-time", func(r reading) time.Time { return r.At }).Count("per-time").
		Updates().MapWithKey(func(k time.Time, n int64) string { return fmt.Sprint(k, " ", n) }).To("times")
	x := apitest.New(t, app)
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	x.Send("in", reading{0, at})
	x.Send("in", reading{math.Copysign(0, -1), at.In(time.FixedZone("CET", 3600))})
	if got := fmt.Sprint(x.Output[string]("degrees")); got != "[0 1 0 2]" {
		t.Errorf("degrees: %s", got)
	}
	if got := fmt.Sprint(x.Output[string]("times")); got != "[2026-11-30 12:00:00 +0000 UTC 1 2026-11-30 12:00:00 +0000 UTC 2]" {
		t.Errorf("times: %s", got)
	}
}

// The changelog has a record of its own under the key \0grete.meta\0.
func TestKeys_LikeThatOfMetaRecords(t *testing.T) {
	const reserved = "\x00grete.meta\x00"
	keys := []string{reserved, reserved + "\x00", reserved + "a", reserved[:4], "ann"}
	app := api.New("test")
	in := app.From("views", eventTime()).PartitionBy("by-user", userOf)
	in.Count("total").Updates().MapWithKey(func(user string, n int64) string { return fmt.Sprintf("%q %d", user, n) }).To("totals")
	in.Window("per-minute", api.Tumbling(time.Minute)).Count().To("counts")
	for _, o := range []apitest.Options{{}, {Partitions: 3, Containers: 2}} {
		x := apitest.New(t, app, o)
		var totals []string
		var panes []api.Pane[string, int64]
		for range 3 {
			for _, key := range keys {
				x.Send("views", on(key, 1))
			}
			x.Wait(time.Second)
			x.Restart() // without its databases
		}
		x.End()
		for _, key := range keys {
			totals = append(totals, fmt.Sprintf("%q 1", key), fmt.Sprintf("%q 2", key), fmt.Sprintf("%q 3", key))
			panes = append(panes, pane(key, 0, 3))
		}
		got := x.Output[string]("totals")
		slices.Sort(got)
		slices.Sort(totals)
		if !slices.Equal(got, totals) {
			t.Errorf("totals: %q", got)
		}
		slices.SortFunc(panes, func(a, b api.Pane[string, int64]) int { return strings.Compare(a.Key, b.Key) })
		counts := x.Output[api.Pane[string, int64]]("counts")
		slices.SortFunc(counts, func(a, b api.Pane[string, int64]) int { return strings.Compare(a.Key, b.Key) })
		if !slices.Equal(counts, panes) {
			t.Errorf("panes: %+v", counts)
		}
	}
}
