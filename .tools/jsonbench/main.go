// The command jsonbench compares the codecs of stream/serde/json with those of
// segmentio/encoding and of encoding/json, on the shapes of shapes.go. It runs them
// in turn, round after round, so that whatever else the machine does harms all of
// them alike, and prints the shortest times.
//
//	cd .tools/jsonbench && go run . [-rounds N] [-run SUBSTRING]
package main

import (
	"bytes"
	stdjson "encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	segment "github.com/segmentio/encoding/json"

	"github.com/gretestream/grete/stream/serde/json"
)

var (
	rounds = flag.Int("rounds", 100, "how often each codec is measured")
	length = flag.Duration("length", time.Millisecond, "how long a measurement takes, roughly")
	only   = flag.String("run", "", "only the shapes whose names contain this")
)

func main() {
	flag.Parse()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "shape\tns\tsegmentio\tencoding/json\tof segmentio\tallocs\tsegmentio\t")
	for _, s := range shapes() {
		if strings.Contains(s.name, *only) {
			s.measure(w)
			if err := w.Flush(); err != nil {
				log.Fatal(err)
			}
		}
	}
}

// A shape is documents of one type, and what is done with them by each codec.
type shape struct {
	name                    string
	ours, segmentio, stdlib func(i int)
}

func (s shape) measure(w *tabwriter.Writer) {
	ways := []func(int){s.ours, s.segmentio, s.stdlib}
	times := make([][]float64, len(ways))
	count := 1
	for spent := time.Duration(0); spent < *length; count *= 2 {
		spent = run(s.ours, count)
	}
	for range *rounds {
		for i, way := range ways {
			times[i] = append(times[i], float64(run(way, count))/float64(count))
		}
	}
	fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\t%.0f\t\n", s.name, slices.Min(times[0]), slices.Min(times[1]), slices.Min(times[2]), slices.Min(times[0])/slices.Min(times[1]),
		allocations(s.ours), allocations(s.segmentio))
}

func run(f func(int), count int) time.Duration {
	start := time.Now()
	for i := range count {
		f(i)
	}
	return time.Since(start)
}

func allocations(f func(int)) float64 {
	i := 0
	return testing.AllocsPerRun(100, func() { f(i); i++ })
}

// both returns the two shapes of a type: decoding its documents and encoding them.
func both[M any](name string, documents ...string) []shape {
	codec := json.New[M]()
	docs, values := make([][]byte, len(documents)), make([]M, len(documents))
	for i, d := range documents {
		docs[i] = []byte(d)
		check(stdjson.Unmarshal(docs[i], &values[i]))
	}
	var into M
	buf, n := []byte(nil), len(docs)
	encoder := stdjson.NewEncoder(new(bytes.Buffer))
	encoder.SetEscapeHTML(false)
	reset := func() *M {
		var zero M
		into = zero
		return &into
	}
	return []shape{
		{
			"decode " + name,
			func(i int) { check(codec.Parse(docs[i%n], reset())) },
			func(i int) {
				_, err := segment.Parse(docs[i%n], reset(), 0)
				check(err)
			},
			func(i int) { check(stdjson.Unmarshal(docs[i%n], reset())) },
		},
		{
			"encode " + name,
			func(i int) {
				var err error
				buf, err = codec.Append(buf[:0], &values[i%n])
				check(err)
			},
			func(i int) {
				var err error
				buf, err = segment.Append(buf[:0], &values[i%n], segment.SortMapKeys)
				check(err)
			},
			func(i int) {
				var b bytes.Buffer
				e := stdjson.NewEncoder(&b)
				e.SetEscapeHTML(false)
				check(e.Encode(&values[i%n]))
			},
		},
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
