// Nexmark runs queries of the Nexmark benchmark over an auction site's events: persons who
// register, auctions that they open, and bids. It makes the events itself.
//
//	go run ./examples/nexmark -query 5 -events 1000000
//
// It prints the results of the query, and how many events a second it has processed. Further
// flags are those of every Grete program, such as -kafka.
//
// The queries are in queries.go. Queries 4 and 6, and those of later versions of the benchmark,
// aren't there yet.
package main

import (
	"flag"
	"fmt"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/gretestream/grete/api"
)

// output is the topic of the results.
const output = "results"

func main() {
	flags := flag.NewFlagSet("nexmark", flag.ExitOnError)
	query := flags.Int("query", 5, "number of the query: 0, 1, 2, 3, 5, 7 or 8")
	events := flags.Int64("events", 1_000_000, "how many events to generate")
	own, rest := split(os.Args[1:])
	_ = flags.Parse(own) // it exits
	q, ok := queries()[*query]
	if !ok {
		fmt.Fprintf(os.Stderr, "nexmark: there is no query %d; choose 0, 1, 2, 3, 5, 7 or 8\n", *query)
		os.Exit(2)
	}
	g := Generator{Seed: 1, Events: *events, Start: time.Unix(1_700_000_000, 0), Gap: 100 * time.Microsecond}
	os.Args = slices.Concat(os.Args[:1], arguments(*query, rest))
	pipeline(q, timed(g.All(), *events)).Main()
}

// split separates the flags of this program from others.
func split(args []string) (own, rest []string) {
	for i := 0; i < len(args); i++ {
		if (args[i] == "-query" || args[i] == "-events") && i+1 < len(args) {
			own = append(own, args[i], args[i+1])
			i++
			continue
		}
		rest = append(rest, args[i])
	}
	return own, rest
}

// arguments are those of the program's run. The results of queries 0 to 2 are as many as their
// inputs, or nearly, so they aren't printed.
func arguments(query int, rest []string) []string {
	if len(rest) > 0 && rest[0][0] != '-' {
		return rest // another command
	}
	args := []string{"run", "-once"}
	if query > 2 {
		args = append(args, "-print", output)
	}
	return append(args, rest...)
}

// pipeline returns the pipeline of a query over a sequence of events.
func pipeline(query func(api.Stream[Event]), events iter.Seq[Event]) *api.App {
	app := api.New("nexmark")
	query(app.Generate("events", events, api.EventTime(Event.Time).Disorder(0)))
	return app
}

// timed prints how fast the events of a sequence were taken. The pipeline is at most a few
// hundred events behind the sequence.
func timed(events iter.Seq[Event], n int64) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		start := time.Now()
		for e := range events {
			if !yield(e) {
				return
			}
		}
		took := time.Since(start)
		fmt.Fprintf(os.Stderr, "nexmark: %d events in %v: %.0f a second\n", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
	}
}
