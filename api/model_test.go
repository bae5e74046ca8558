package api_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
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

// A windowKey names a window of a user.
type windowKey struct {
	user  string
	start int64
}

// Final results are those of a map, whatever the order of arrival within the
// disorder, the number of partitions and containers, and however often the job is
// killed or stopped: each window once, with all its records.
func TestWindow_MatchesModel(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 0))
			size := time.Duration(1+rnd.IntN(90)) * time.Second
			app := api.New("model")
			app.From("views", eventTime()).PartitionBy("by-user", userOf).
				Window("w", api.Tumbling(size).Grace(time.Duration(rnd.IntN(20))*time.Second)).Count().To("counts")
			x := apitest.New(t, app, apitest.Options{Partitions: 1 + rnd.Int32N(5), Containers: 1 + rnd.IntN(3)})
			want, got := map[windowKey]int64{}, map[windowKey]int64{}
			collect := func() {
				for _, p := range x.Output[api.Pane[string, int64]]("counts") {
					k := windowKey{p.Key, p.Start.UnixMilli()}
					if _, twice := got[k]; twice {
						t.Fatalf("window %v was written twice", k)
					}
					got[k] = p.Value
				}
			}
			now := at(0)
			for range 5 + rnd.IntN(40) {
				var views []view
				for range rnd.IntN(50) {
					now += rnd.Int64N(1500)
					v := view{User: "u" + strconv.Itoa(rnd.IntN(8)), At: now - rnd.Int64N(5001)}
					views = append(views, v)
					want[windowKey{v.User, v.At - v.At%size.Milliseconds()}]++
				}
				x.Send("views", views...)
				switch rnd.IntN(5) {
				case 0:
					x.Crash()
					x.Restart()
				case 1:
					collect()
				}
			}
			if rnd.IntN(2) == 0 {
				x.End()
			} else {
				x.Advance(time.Hour)
			}
			collect()
			if !maps.Equal(got, want) {
				t.Errorf("got %v\nwant %v", got, want)
			}
		})
	}
}
