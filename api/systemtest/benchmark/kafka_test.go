//go:build real

package benchmark

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

const (
	input  = "entries"
	output = "answers"
	lookUp = "?" // the value of a record that looks up the entry of its key

	partitions = 4
)

// The program builds its store, loses its local state, and must still look up what was put.
func TestEntries_SurviveLossOfLocalState(t *testing.T) {
	path := program.Build(t, "benchmark")
	t.Run("exactly once", func(t *testing.T) { testLookUps(t, path) })
	t.Run("at least once", func(t *testing.T) { testLookUps(t, path, "-at-least-once") })
}

func testLookUps(t *testing.T, path string, args ...string) {
	c := program.StartKafka(t, kafkatest.Options{})
	dir := t.TempDir()
	state, first := filepath.Join(dir, "state"), filepath.Join(dir, "first")
	setenv(t, map[string]string{
		"BROKERS": c.Address(), "PARTITIONS": fmt.Sprint(partitions), "COMMIT_MS": "100", "WORKLOAD": "w4",
		"INPUT": input, "OUTPUT": output, "RUN_ID": "benchmark-run", "STATE_DIR": state, "FIRST_FILE": first,
	})
	c.CreateTopic(t, input, partitions, nil)
	c.CreateTopic(t, output, partitions, nil)
	const n = 20_000
	var puts, gets []*kgo.Record
	for i := range n {
		puts = append(puts, keyed(key(i), value(i)))
		if i%100 == 0 {
			gets = append(gets, keyed(key(i), lookUp))
		}
	}
	c.Produce(append(puts, gets...)...)
	for round := 1; round <= 2; round++ {
		p := program.Start(t, path, args...)
		c.Await("the answers", func() bool { return p.Ended() || len(c.Read(output)) >= round*len(gets) })
		p.Stop()
		if err := p.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, p.Messages())
		}
		if err := os.Remove(first); err != nil {
			t.Errorf("the first record wasn't marked: %v", err)
		}
		answers := c.Read(output)
		if len(answers) != round*len(gets) {
			t.Errorf("got %d answers to %d look-ups", len(answers), round*len(gets))
		}
		for _, r := range answers {
			var i int
			if _, err := fmt.Sscanf(string(r.Key), "e%d", &i); err != nil || string(r.Value) != value(i) {
				t.Fatalf("the answer for %q is %q", r.Key, r.Value)
			}
		}
		if err := os.RemoveAll(state); err != nil {
			t.Fatal(err)
		}
		c.Produce(again(gets)...)
	}
}

func setenv(t *testing.T, variables map[string]string) {
	t.Helper()
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

func key(i int) string   { return fmt.Sprintf("e%d", i) }
func value(i int) string { return fmt.Sprintf(`{"id":%d}`, i) }

// keyed returns a record in the partition where other clients would put it.
func keyed(key, value string) *kgo.Record {
	return &kgo.Record{Topic: input, Partition: stream.PartitionOf([]byte(key), partitions), Key: []byte(key), Value: []byte(value)}
}

// again returns copies of records, to be written once more.
func again(records []*kgo.Record) []*kgo.Record {
	var out []*kgo.Record
	for _, r := range records {
		out = append(out, keyed(string(r.Key), string(r.Value)))
	}
	return out
}
