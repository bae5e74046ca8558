package api_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/stream"
)

// BenchmarkWindows is BenchmarkWindowedCount with each kind of window, aggregate and trigger.
func BenchmarkWindows(b *testing.B) {
	type windowed = api.WindowedStream[string, view]
	count := func(w windowed) { w.Count().To("panes") }
	fold := func(w windowed) { w.Fold(func(n int64, _ view) int64 { return n + 1 }).To("panes") }
	for _, c := range []struct {
		name string
		w    api.Window
		agg  func(windowed)
	}{
		{"tumbling", api.Tumbling(time.Minute), count},
		{"hopping-1", api.Hopping(time.Minute, time.Minute), count},
		{"hopping-5", api.Hopping(5*time.Minute, time.Minute), count},
		{"hopping-60", api.Hopping(time.Hour, time.Minute), count},
		{"hopping-5-fold", api.Hopping(5*time.Minute, time.Minute), fold},
		{"session", api.Session(10 * time.Second), count},
		{"daily", api.Daily(time.UTC), count},
		{"global-every-commit", api.Global().Early(api.EveryCommit()), count},
		{"tumbling-every-10", api.Tumbling(time.Minute).Early(api.EveryN(10)), count},
		{"tumbling-every-second", api.Tumbling(time.Minute).Early(api.Every(time.Second)), count},
		{"tumbling-updates", api.Tumbling(time.Minute).Grace(time.Second).Updates(), count},
		{"avg", api.Tumbling(time.Minute), func(w windowed) { w.Avg(view.number).To("panes") }},
		{"distinct", api.Tumbling(time.Minute), func(w windowed) { w.Distinct(func(v view) string { return v.Page }).To("panes") }},
		{"collect", api.Tumbling(time.Minute), func(w windowed) { api.Collect(w).To("panes") }},
		{"top-3", api.Tumbling(time.Minute), func(w windowed) { api.TopN(w, 3, view.number).To("panes") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), 1.1, 1, 100_000)
			app := api.New("bench")
			c.agg(app.FromKeyed[string, view]("views").Window("w", c.w))
			runStage(b, app, 0, newBenchEngine(b), func(r *stream.Record, i int) {
				user := "user-" + strconv.FormatUint(zipf.Uint64(), 10)
				r.Key = []byte(user)
				r.Value = fmt.Appendf(nil, `{"user":%q,"page":"page-%d","at":%d}`, user, i%77, at(0)+int64(i)/2)
				r.Time = at(0) + int64(i)/2
			})
		})
	}
}
