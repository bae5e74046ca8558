package main

import (
	"iter"
	"math/rand/v2"
	"time"
)

// sample is the input of a first run: views from this minute on.
func sample() iter.Seq[PageView] { return viewsFrom(time.Now().Truncate(time.Minute)) }

// meanGap is the mean time between two views. Event time runs much faster than the
// clock by it, so that whoever looks sees a minute closed every second or so.
const meanGap = 40 * time.Millisecond

// viewsFrom makes views without end, in the order of their time.
func viewsFrom(start time.Time) iter.Seq[PageView] {
	users := []string{"ada", "alan", "barbara", "donald", "edsger", "grace", "ken", ""}
	pages := []string{"/", "/docs", "/pricing", "/blog", "/signup"}
	countries := []string{"CZ", "DE", "IN", "JP", "KE", "US"}
	return func(yield func(PageView) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for at := start; ; at = at.Add(time.Duration(1 + r.Int64N(2*int64(meanGap)))) {
			if !yield(PageView{
				UserID:     pick(r, users),
				Page:       pick(r, pages),
				Country:    pick(r, countries),
				TS:         at.UnixMilli(),
				DurationMs: 200 + r.Int64N(60_000),
			}) {
				return
			}
		}
	}
}

// pick prefers what stands first.
func pick(r *rand.Rand, from []string) string { return from[min(r.IntN(len(from)), r.IntN(len(from)))] }
