//go:build real

package pageviews

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
)

const (
	input  = "page-views"
	output = "views-per-user"
)

// A PageView is a record of the program's input.
type PageView struct {
	UserID string `json:"userId"` // empty: not signed in
	Page   string `json:"page"`
	TS     int64  `json:"ts"` // ms since 1970
}

func (v PageView) at() time.Time { return time.UnixMilli(v.TS) }

// firstDay is when generated views begin: long before today, which no result may depend on.
func firstDay() time.Time { return time.Date(2014, 5, 1, 12, 0, 0, 0, time.UTC) }

// generate makes views without end, in the order of their time, on average one every gap.
// One user in users+1 isn't signed in.
func generate(users int, gap time.Duration) iter.Seq[PageView] {
	return func(yield func(PageView) bool) {
		r := rand.New(rand.NewPCG(7, 0))
		at := firstDay()
		for {
			at = at.Add(time.Duration(1 + r.Int64N(2*int64(gap))))
			v := PageView{Page: "/", TS: at.UnixMilli()}
			if n := r.IntN(users + 1); n > 0 {
				v.UserID = fmt.Sprintf("user-%d", n)
			}
			if !yield(v) {
				return
			}
		}
	}
}

// views returns the first n views of a few users.
func views(n int) (out []PageView) {
	for v := range generate(7, 40*time.Millisecond) {
		if out = append(out, v); len(out) == n {
			break
		}
	}
	return out
}

// A window is a user in the minute that begins at a time, in ms.
type window struct {
	user  string
	start int64
}

// count counts views, without any code of the pipeline.
func count(views []PageView) map[window]int64 {
	counts := map[window]int64{}
	for _, v := range views {
		if v.UserID != "" {
			counts[window{v.UserID, v.TS - v.TS%60_000}]++
		}
	}
	return counts
}

// results returns the counts that were written for each window, in their order.
func results(t *testing.T, records []*kgo.Record) map[window][]int64 {
	t.Helper()
	counts := map[window][]int64{}
	for _, r := range records {
		var p api.Pane[string, int64]
		if err := json.Unmarshal(r.Value, &p); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if p.Key != string(r.Key) || p.End.Sub(p.Start) != time.Minute || p.Timing != api.Final {
			t.Errorf("key %q: %s", r.Key, r.Value)
		}
		w := window{p.Key, p.Start.UnixMilli()}
		counts[w] = append(counts[w], p.Value)
	}
	return counts
}
