package wikipedia

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/local"
)

// writeLines appends lines to a file, as JSON.
func writeLines(t *testing.T, path string, lines []Line) {
	t.Helper()
	var b []byte
	for _, l := range lines {
		j, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		b = append(append(b, j...), '\n')
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// parseRows parses the program's output.
func parseRows(t *testing.T, out string) []Row {
	t.Helper()
	var rows []Row
	for line := range strings.Lines(out) {
		var r Row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		rows = append(rows, r)
	}
	sortRows(rows)
	return rows
}

func difference(got, want []Row) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%+v, want %+v", got[i], want[i])
		}
	}
	return "one is the beginning of the other"
}

func same(t *testing.T, got, want []Row) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %d rows, want %d; the first that differs: %s", len(got), len(want), difference(got, want))
	}
}

// The program runs on the embedded log.
func TestProgram_CountsEachWindowOnce(t *testing.T) {
	path := program.Build(t, "wikipedia")
	t.Run("partitions and containers", func(t *testing.T) { testParallelism(t, path) })
	t.Run("started again", func(t *testing.T) { testRuns(t, path) })
	t.Run("killed", func(t *testing.T) { testKills(t, path) })
}

// The results don't depend on the number of partitions and containers.
func testParallelism(t *testing.T, path string) {
	inputs := map[string][]Line{"generated": generate(3, 5000)}
	if lines := realEdits(t); lines != nil {
		inputs["real"] = lines
	}
	for name, lines := range inputs {
		t.Run(name, func(t *testing.T) { testCounts(t, path, lines) })
	}
}

func testCounts(t *testing.T, path string, lines []Line) {
	file := filepath.Join(t.TempDir(), "edits.json")
	writeLines(t, file, lines)
	want, skipped := count(lines)
	for _, partitions := range []int{1, 4, 8} {
		for _, containers := range []int{1, 3} {
			t.Run(fmt.Sprintf("%d partitions, %d containers", partitions, containers), func(t *testing.T) {
				out, messages := program.Run(t, path, "-feed", input+"="+file, "-once", "-print", output,
					"-partitions", strconv.Itoa(partitions), "-containers", strconv.Itoa(containers))
				same(t, parseRows(t, out), want)
				if summary := fmt.Sprintf("%d records processed, 0 late, %d skipped", len(lines), skipped); !strings.Contains(messages, summary) {
					t.Errorf("%q is missing in:\n%s", summary, messages)
				}
			})
		}
	}
}

// Later runs use the same directory: they read only new lines, and write only new windows.
func testRuns(t *testing.T, path string) {
	dir := t.TempDir()
	file := filepath.Join(dir, "edits.json")
	args := []string{"-feed", input + "=" + file, "-once", "-print", output, "-data", filepath.Join(dir, "data")}
	first, second := generate(4, 2000), generate(5, 2000)
	for i := range second { // an hour later: windows of their own
		second[i].Time += 3_600_000
	}
	for i, lines := range [][]Line{first, nil, second} {
		writeLines(t, file, lines)
		want, _ := count(lines)
		out, _ := program.Run(t, path, args...)
		if got := parseRows(t, out); !slices.Equal(got, want) {
			t.Errorf("run %d: got %d rows, want %d; %s", i, len(got), len(want), difference(got, want))
		}
	}
}

// kills returns the number of kills: GRETE_KILLS, if it is set.
func kills(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("GRETE_KILLS")); err == nil {
		return n
	}
	if testing.Short() {
		return 3
	}
	return 15
}

// The program is killed at random moments, and started again.
func testKills(t *testing.T, path string) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "edits.json"), filepath.Join(dir, "data")
	// Each run processes a few thousand lines, so the job isn't done before the last kill.
	lines := generate(6, 5_000*kills(t))
	writeLines(t, file, lines)
	args := []string{"-feed", input + "=" + file, "-once", "-data", data, "-partitions", "4", "-containers", "2", "-commit-interval", "10ms"}
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	early := 0
	for range kills(t) {
		if program.KillAfter(t, time.Duration(20+rnd.IntN(80))*time.Millisecond, path, args...) {
			early++
		}
	}
	done := processed(t, filepath.Join(data, "log"))
	program.Run(t, path, args...)
	want, _ := count(lines)
	got := outputOf(t, filepath.Join(data, "log"))
	sortRows(got)
	same(t, got, want)
	t.Logf("%d kills, %d of them after the end of the run; %d of %d lines were processed by then", kills(t), early, done, len(lines))
}

// processed returns the number of lines that the first stage has committed.
func processed(t *testing.T, dir string) (n int64) {
	t.Helper()
	log, err := local.Open(dir, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	for p := range int32(4) {
		at, err := log.Admin().Committed(context.Background(), "wikipedia-"+input, stream.TopicPartition{Topic: input, Partition: p})
		if err != nil {
			t.Fatal(err)
		}
		n += max(at[0], 0)
	}
	return n
}

// outputOf reads the output topic.
func outputOf(t *testing.T, dir string) []Row {
	t.Helper()
	log, err := local.Open(dir, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	c, err := log.OpenConsumer(context.Background(), stream.ConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var rows []Row
	partitions, err := log.Admin().Partitions(context.Background(), output)
	if err != nil {
		t.Fatal(err)
	}
	for p := range partitions[output] {
		tp := stream.TopicPartition{Topic: output, Partition: p}
		if err := c.Assign(tp, 0); err != nil {
			t.Fatal(err)
		}
		for at := int64(0); at < c.End(tp); {
			chunks, err := c.Poll()
			if err != nil {
				t.Fatal(err)
			}
			for _, chunk := range chunks {
				for _, r := range chunk.Records {
					var row Row
					if err := json.Unmarshal(r.Value, &row); err != nil {
						t.Fatal(err)
					}
					rows = append(rows, row)
				}
				at = chunk.Next
				c.Release(tp)
			}
		}
		c.Unassign(tp)
	}
	return rows
}
