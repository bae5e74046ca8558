//go:build real

package wikipedia

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

func windowOf(r Row) window { return window{r.Channel, r.Start} }

func rowsOf(t *testing.T, records []*kgo.Record) []Row {
	t.Helper()
	var rows []Row
	for _, r := range records {
		var row Row
		if err := json.Unmarshal(r.Value, &row); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if string(r.Key) != row.Channel {
			t.Errorf("the key of %+v is %q", row, r.Key)
		}
		rows = append(rows, row)
	}
	sortRows(rows)
	return rows
}

// The program runs over lines that another client has written.
func TestOnKafka_CountsEachWindowOnce(t *testing.T) {
	path := program.Build(t, "wikipedia")
	for _, partitions := range []int32{1, 4, 8} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) { testPartitionsOnKafka(t, path, partitions) })
	}
	t.Run("killed", func(t *testing.T) { testKillsOnKafka(t, path) })
	t.Run("killed, at least once", func(t *testing.T) { testKillsAtLeastOnce(t, path) })
	t.Run("killed while it feeds", func(t *testing.T) { testKillsWhileFeeding(t, path) })
	t.Run("old records and retention", func(t *testing.T) { testRetention(t, path) })
}

// A second run over the same lines writes nothing, and one over more lines only theirs.
func testPartitionsOnKafka(t *testing.T, path string, partitions int32) {
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	lines := generate(3, 20_000)
	want, _ := count(lines)
	c.Write(input, partitions, program.EncodeAll(t, lines))
	args := []string{"-kafka", c.Address(), "-once", "-print", output, "-data", filepath.Join(t.TempDir(), "data"), "-containers", "2", "-commit-interval", "10ms"}
	out, messages := program.Run(t, path, args...)
	same(t, parseRows(t, out), want)
	same(t, rowsOf(t, c.ReadAll(output)), want)
	if t.Failed() {
		t.Log(messages)
	}
	if out, _ := program.Run(t, path, args...); out != "" {
		t.Errorf("a second run printed %s", out)
	}
	more := generate(4, 2000)
	for i := range more {
		more[i].Time += 86_400_000
	}
	c.Write(input, partitions, program.EncodeAll(t, more))
	want, _ = count(more)
	out, _ = program.Run(t, path, args...)
	same(t, parseRows(t, out), want)
}

// The program is killed while it works, and started again. Other clients that read committed
// records see each window once.
func testKillsOnKafka(t *testing.T, path string) {
	got, want := rowsAfterKills(t, path, min(kills(t), 5))
	same(t, got, want)
}

// With at-least-once, each window has a result with all of its edits. There may be other
// results beside it, and edits may be counted twice.
func testKillsAtLeastOnce(t *testing.T, path string) {
	got, want := rowsAfterKills(t, path, 2, "-at-least-once")
	checkNothingMissing(t, got, want)
}

// rowsAfterKills returns the rows of a program that was killed while it had work to do, and
// the right ones.
func rowsAfterKills(t *testing.T, path string, n int, args ...string) (got, want []Row) {
	t.Helper()
	const partitions = 4
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	lines := generate(6, 20_000*(n+1))
	c.Write(input, partitions, program.EncodeAll(t, lines))
	args = append(args, "-kafka", c.Address(), "-once", "-data", filepath.Join(t.TempDir(), "data"),
		"-containers", "2", "-commit-interval", "20ms", "-kafka-compression", "lz4")
	for i := range n {
		p := program.Start(t, path, args...)
		enough := int64(len(lines) * (i + 1) / (n + 1))
		c.Await("progress of the job", func() bool { return p.Ended() || c.Committed("wikipedia-"+input, input) > enough })
		p.Kill()
		if p.Wait() == nil {
			t.Fatalf("the program had ended before it was killed\n%s", p.Messages())
		}
	}
	done := c.Committed("wikipedia-"+input, input)
	program.Run(t, path, args...)
	want, _ = count(lines)
	got = rowsOf(t, c.ReadAll(output))
	t.Logf("%d kills, %d of %d lines were processed by then; %d windows, %d results", n, done, len(lines), len(want), len(got))
	return got, want
}

// checkNothingMissing checks that each window has a result with all of its edits, and that
// there are no other windows.
func checkNothingMissing(t *testing.T, got, want []Row) {
	t.Helper()
	best := map[window]Row{}
	for _, r := range got {
		if w := windowOf(r); r.Edits > best[w].Edits {
			best[w] = r
		}
	}
	if len(best) != len(want) {
		t.Errorf("got results of %d windows, want %d", len(best), len(want))
	}
	wrong := 0
	for _, w := range want {
		r := best[windowOf(w)]
		if r.Edits < w.Edits || r.Titles != w.Titles || r.Minor < w.Minor || r.Bots < w.Bots || r.New < w.New {
			if wrong++; wrong <= 5 {
				t.Errorf("got %+v, want %+v at least", r, w)
			}
		}
	}
	if wrong > 5 {
		t.Errorf("and %d more", wrong-5)
	}
}

// A program is killed while it feeds a file to its input topic. Each line must be in the
// topic once.
func testKillsWhileFeeding(t *testing.T, path string) {
	c := program.StartKafka(t, kafkatest.Options{Proxied: true})
	c.Proxy(t, 1).Limit(8 << 20) // so that feeding takes a while
	file := filepath.Join(t.TempDir(), "edits.json")
	lines := generate(8, 100_000) // in several transactions
	writeLines(t, file, lines)
	args := []string{"-kafka", c.Address(), "-once", "-data", filepath.Join(t.TempDir(), "data"), "-feed", input + "=" + file, "-partitions", "3"}
	for killed := range 3 {
		p := program.Start(t, path, args...)
		c.Await("lines to be fed", func() bool { return p.Ended() || c.Ends(input) > int64(10_000*(2*killed+1)) })
		p.Kill()
		_ = p.Wait() // it may have ended before
	}
	c.Proxy(t, 1).Limit(0)
	program.Run(t, path, args...)
	left := map[string]int{}
	for _, b := range program.EncodeAll(t, lines) {
		left[string(b)]++
	}
	fed := c.Read(input)
	for _, r := range fed {
		left[string(r.Value)]--
	}
	for line, n := range left {
		if n != 0 {
			t.Fatalf("%d of %d lines were fed; this one %d times too few: %s", len(fed), len(lines), n, line)
		}
	}
	want, _ := count(lines)
	same(t, rowsOf(t, c.ReadAll(output)), want)
	t.Logf("%d offsets for %d lines: the others were aborted, or are transaction markers", c.Ends(input), len(lines))
}

// Edits of 2014 are older than a broker keeps records by default. The topics of the job keep
// them all the same, because its records have the time at which they are written.
func testRetention(t *testing.T, path string) {
	c := program.StartKafka(t, kafkatest.Options{Properties: map[string]string{
		// The retention time is the default. But the broker checks it often, and has many
		// segments that it could drop.
		"log.retention.check.interval.ms": "200",
		"log.initial.task.delay.ms":       "0",
		"log.roll.ms":                     "200",
	}})
	const old = "old"
	c.CreateTopic(t, old, 1, nil)
	c.CreateTopic(t, input, 2, map[string]string{"retention.ms": "-1"})
	lines := generate(7, 20_000)
	args := func(more ...string) []string { // each time, the state is restored from the changelog
		return append(more, "-kafka", c.Address(), "-data", filepath.Join(t.TempDir(), "data"), "-commit-interval", "20ms")
	}
	var records []*kgo.Record
	for i, value := range program.EncodeAll(t, lines) {
		records = append(records, &kgo.Record{Topic: input, Partition: int32(i % 2), Timestamp: time.UnixMilli(lines[i].Time), Value: value})
	}
	began := time.Now()
	c.Produce(records...)
	p := program.Start(t, path, args()...)
	c.Await("results", func() bool { return p.Ended() || c.Committed("wikipedia-"+input, input) == int64(len(lines)) })
	// Once a record of 2014 is dropped, all other old ones are, too.
	c.Produce(&kgo.Record{Topic: old, Timestamp: time.UnixMilli(lines[0].Time), Value: []byte("x")})
	c.Await("the broker to drop an old record", func() bool { return c.Starts(old) == 1 })
	p.Stop()
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.Messages())
	}
	program.Run(t, path, args("-once")...)
	want, _ := count(lines)
	same(t, rowsOf(t, c.ReadAll(output)), want)
	for _, topic := range []string{output, "wikipedia-stats-changelog", "wikipedia-" + input + "-meta"} {
		if n := c.Starts(topic); n != 0 {
			t.Errorf("%s starts at offset %d", topic, n)
		}
		for _, r := range c.Read(topic) {
			if r.Timestamp.Before(began.Add(-time.Minute)) {
				t.Fatalf("offset %d of %s is of %v", r.Offset, topic, r.Timestamp)
			}
		}
	}
	// The job deletes processed records of its repartition topic: only the setting is left to
	// check.
	if got := c.Setting("wikipedia-by-channel", "retention.ms"); got != "-1" {
		t.Errorf("the repartition topic has retention.ms=%s", got)
	}
}
