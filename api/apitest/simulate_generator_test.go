package apitest_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/sim"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// generatedValues is how many values the simulated generator has. They don't fit into its
// slots at once.
const generatedValues = 2000

// generated is a job whose only input is a generator: a stage without a topic to commit
// offsets of.
func generated(await func(time.Duration)) *api.App {
	app := api.New("gen")
	numbers := app.Generate("numbers", func(yield func(int64) bool) {
		for n := int64(0); n < generatedValues && yield(n); n++ {
			await(time.Duration(n) * 25 * time.Millisecond) // most of the time in which things go wrong
		}
	})
	numbers.To("seen")
	numbers.PartitionBy("by-rest", func(n int64) int64 { return n % 5 }).Count("count").To("counts")
	return app
}

// checkGenerated finds values that were lost or written twice.
func checkGenerated(records func(stream.TopicPartition) []stream.Record) error {
	seen, counts := make(map[uint64]int), make(map[uint64]int)
	for p := range int32(2) {
		for _, r := range records(stream.TopicPartition{Topic: "seen", Partition: p}) {
			seen[binary.BigEndian.Uint64(r.Value)]++
		}
		for _, r := range records(stream.TopicPartition{Topic: "counts", Partition: p}) {
			counts[binary.BigEndian.Uint64(r.Value)]++
		}
	}
	for n := range uint64(generatedValues) {
		if times := seen[n]; times != 1 {
			return fmt.Errorf("value %d was written %d times", n, times)
		}
	}
	for n := range uint64(generatedValues / 5) {
		if times := counts[n+1]; times != 5 {
			return fmt.Errorf("the count %d was written %d times, not once for each of 5 keys", n+1, times)
		}
	}
	return nil
}

// Whatever fails, each value of a generator has its effect once.
func TestSimulationOfGenerator(t *testing.T) {
	first, n := *from, 40
	if *seeds != 0 {
		n = *seeds
	} else if testing.Short() {
		n = 4
	}
	trace := &sim.Trace{}
	if *seed != 0 {
		first, n, trace.Keep = *seed, 1, true
	}
	for i := first; i < first+uint64(n); i++ {
		var s *sim.Simulation
		app := generated(func(d time.Duration) { s.Await(d) })
		s = sim.New(i, sim.Job{
			Plan: func(map[string]int32) (*scheduler.Plan, error) {
				return app.Pipeline().Plan(scheduler.Metadata{}, scheduler.Options{Partitions: 2, Containers: 2})
			},
			Program:   app.Pipeline().Program(),
			Shared:    i%2 == 0,
			Config:    container.Config{IdleTimeout: 100 * time.Hour},
			Generated: map[string]int64{"numbers": generatedValues},
			Check:     checkGenerated,
		}, trace)
		err := s.Run()
		if trace.Keep {
			t.Log("\n" + trace.String())
		}
		if err != nil {
			t.Fatalf("seed %d: %v\nto see how: go test ./api/apitest -run '^%s$' -seed %d -v", i, err, t.Name(), i)
		}
	}
}
