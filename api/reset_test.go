package api

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	streammemory "github.com/gretestream/grete/stream/memory"
)

// wordsPerMinute counts words in windows of event time, behind a repartition topic.
func wordsPerMinute() *App {
	app := New("words")
	app.From("words", EventTime(func(w word) time.Time { return time.UnixMilli(w.At) })).
		PartitionBy("by-word", func(w word) string { return w.Word }).
		Window("per-minute", Tumbling(time.Minute)).
		Count().
		To("counts")
	return app
}

// someWords come in the first minutes of 1970.
const someWords = `{"word":"a","at":1000}` + "\n" + `{"word":"b","at":2000}` + "\n" + `{"word":"a","at":3000}` + "\n" +
	`{"word":"a","at":61000}` + "\n" + `{"word":"b","at":125000}` + "\n" + `{"word":"b","at":126000}` + "\n"

func TestResetOfWindows(t *testing.T) {
	for _, where := range []string{"oldest", "1970-01-01T00:00:00Z", "1000h"} {
		args, data := fedWindows(t)
		first := runMain(t.Context(), wordsPerMinute(), args...).succeeded(t).lines()
		if len(first) != 4 {
			t.Fatalf("printed %q", first)
		}
		r := runMain(t.Context(), wordsPerMinute(), "reset", "-to", where, "-yes", "-data", data).succeeded(t)
		for _, want := range []string{"words: partitions 0 to 1 from 3 to 0", "words-by-word, between stages, has nothing on its way", "store per-minute is emptied", "done"} {
			if !strings.Contains(r.err, want) {
				t.Errorf("%q is missing in\n%s", want, r.err)
			}
		}
		if again := runMain(t.Context(), wordsPerMinute(), args...).succeeded(t).lines(); !slices.Equal(first, again) {
			t.Errorf("printed %q, and then %q", first, again)
		}
	}
}

func fedWindows(t *testing.T) (args []string, data string) {
	t.Helper()
	dir := t.TempDir()
	data = filepath.Join(dir, "data")
	file := writeFile(t, filepath.Join(dir, "words.json"), someWords)
	return []string{"-feed", "words=" + file, "-once", "-print", "counts", "-data", data, "-partitions", "2"}, data
}

func TestResetToNewest(t *testing.T) {
	data, args := fedOnce(t)
	runMain(t.Context(), words(), "reset", "-to", "newest", "-yes", "-data", data).succeeded(t)
	if r := runMain(t.Context(), words(), args...).succeeded(t); r.out != "1\n" { // of one word more
		t.Errorf("printed %q", r.out)
	}
}

func TestResetKeepsState(t *testing.T) {
	data, args := fedOnce(t)
	r := runMain(t.Context(), words(), "reset", "-to", "oldest", "-state", "keep", "-yes", "-data", data).succeeded(t)
	if !strings.Contains(r.err, "counted again") || strings.Contains(r.err, "emptied") {
		t.Errorf("it says\n%s", r.err)
	}
	if got := runMain(t.Context(), words(), args...).succeeded(t).lines(); !slices.Equal(got, []string{"2\n", "2\n", "3\n"}) {
		t.Errorf("printed %q", got)
	}
}

func TestResetOfOnePartition(t *testing.T) {
	data, args := fedOnce(t)
	runMain(t.Context(), words(), "reset", "-offset", "words/0=2", "-yes", "-data", data).failed(t, "words/0: offset 2 is out of range: the partition holds 0 to 1")
	r := runMain(t.Context(), words(), "reset", "-offset", "words/1=0", "-yes", "-data", data).succeeded(t)
	if !strings.Contains(r.err, "words: partition 0 stays at 1; partition 1 from 1 to 0") {
		t.Errorf("it says\n%s", r.err)
	}
	if got := runMain(t.Context(), words(), args...).succeeded(t).lines(); !slices.Equal(got, []string{"1\n", "1\n"}) {
		t.Errorf("printed %q", got)
	}
}

func TestResetAsks(t *testing.T) {
	data, _ := fedOnce(t)
	runMain(t.Context(), words(), "reset", "-to", "oldest", "-data", data).failed(t, "nobody to ask", "-yes")
	for answer, done := range map[string]bool{"": false, "no\n": false, "y\n": false, "yes\n": true} {
		var said lockedBuffer
		code := words().main(t.Context(), []string{"reset", "-to", "oldest", "-data", data}, console{out: &said, err: &said, in: strings.NewReader(answer)})
		if done != (code == 0) || done == strings.Contains(said.String(), "nothing was changed") {
			t.Errorf("%q: exit %d\n%s", answer, code, said.String())
		}
	}
}

func TestResetsThatMakeNoSense(t *testing.T) {
	withoutKafka(t)
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "-to oldest"},
		{[]string{"-to", "yesterday"}, 2, "-to yesterday"},
		{[]string{"-to", "-5m"}, 2, "-5m"},
		{[]string{"-offset", "words=3"}, 2, "TOPIC/PARTITION=OFFSET"},
		{[]string{"-offset", "words/0=-3"}, 2, "TOPIC/PARTITION=OFFSET"},
		{[]string{"-offset", "words/0=1", "-offset", "words/0=2"}, 2, "already"},
		{[]string{"-to", "oldest", "-state", "some"}, 2, "state"},
		{[]string{"-to", "oldest"}, 1, "never run there"},
	} {
		r := runMain(t.Context(), words(), append([]string{"reset", "-yes", "-data", filepath.Join(dir, "data")}, test.args...)...)
		if r.failed(t, test.want); r.code != test.code {
			t.Errorf("%q: exit %d", test.args, r.code)
		}
	}
}

var errInterrupted = errors.New("interrupted by the test")

// A failingLog fails at a commit, before it or when it is done.
type failingLog struct {
	stream.System
	left  int // commits that come before
	after bool
}

type failingProducer struct {
	stream.Producer
	log *failingLog
}

func (l *failingLog) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	p, err := l.System.OpenProducer(ctx, cfg)
	return failingProducer{p, l}, err
}

func (p failingProducer) Commit(ctx context.Context, offsets stream.GroupOffsets) ([]stream.Position, error) {
	p.log.left--
	if p.log.left == -1 && !p.log.after {
		return nil, errInterrupted
	}
	ends, err := p.Producer.Commit(ctx, offsets)
	if err == nil && p.log.left == -1 {
		err = errInterrupted
	}
	return ends, err
}

// A resetJob is wordsPerMinute on a log in memory.
type resetJob struct {
	*testing.T
	log  stream.System
	plan *scheduler.Plan
	runs int64
}

func newResetJob(t *testing.T, remote bool) *resetJob {
	log := streammemory.New()
	log.Remote = remote
	j := &resetJob{T: t, log: log}
	j.must(log.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: "words", Partitions: 2}))
	j.feed(someWords)
	known, err := log.Admin().Partitions(t.Context())
	j.must(err)
	j.plan, err = wordsPerMinute().Plan(scheduler.Metadata{Partitions: known}, scheduler.Options{})
	j.must(err)
	j.must(container.CreateTopics(t.Context(), log.Admin(), j.plan, container.TopicOptions{}))
	return j
}

func (j *resetJob) feed(lines string) {
	p, err := j.log.OpenProducer(j.Context(), stream.ProducerConfig{})
	j.must(err)
	w, err := p.Writer("words")
	j.must(err)
	for i, line := range slices.Collect(strings.Lines(lines)) {
		j.must(w.Send(int32(i%2), &stream.Record{Value: []byte(line)}))
	}
	_, err = p.Commit(j.Context(), stream.GroupOffsets{})
	j.must(errors.Join(err, p.Close()))
}

func (j *resetJob) must(err error) {
	j.Helper()
	if err != nil {
		j.Fatal(err)
	}
}

// run runs to the end of the input: the first stage, and then the other one, so that
// what the first may do isn't cut short where the other refuses.
func (j *resetJob) run() error {
	_, err := j.log.Admin().Ends(j.Context(), stream.TopicPartition{Topic: "words"}, stream.TopicPartition{Topic: "words", Partition: 1})
	j.must(err)
	bounds, err := container.Bounds(j.Context(), j.log.Admin(), j.plan)
	j.must(err)
	j.runs++
	base := container.Config{Program: wordsPerMinute().Program(), System: j.log, Engine: memory.New(0), Run: j.runs, Bounds: bounds}
	for _, cfg := range container.Configs(j.plan, base) {
		if err := container.Run(j.Context(), cfg); err != nil {
			return err
		}
	}
	return nil
}

func (j *resetJob) reset(log stream.System, target container.ResetTarget) error {
	x, err := container.PrepareReset(j.Context(), j.plan, container.Config{System: log}, target)
	if err != nil {
		return err
	}
	return x.Run(j.Context())
}

// results are what has come out since the last look.
func (j *resetJob) results(seen map[stream.Position]bool) (values []string) {
	for p := range int32(2) {
		tp := stream.TopicPartition{Topic: "counts", Partition: p}
		_, err := j.log.Admin().Ends(j.Context(), tp)
		j.must(err)
		ends, err := j.log.Admin().Ends(j.Context(), tp)
		j.must(err)
		c, err := j.log.OpenConsumer(j.Context(), stream.ConsumerConfig{})
		j.must(err)
		j.must(c.Assign(tp, 0))
		for at := int64(0); at < ends[0]; {
			chunks, err := c.Poll()
			j.must(err)
			if len(chunks) == 0 {
				<-c.Ready()
			}
			for _, chunk := range chunks {
				for _, r := range chunk.Records {
					if where := (stream.Position{TopicPartition: tp, Offset: r.Offset}); !seen[where] {
						seen[where] = true
						values = append(values, string(r.Value))
					}
				}
				at = chunk.Next
				c.Release(tp)
			}
		}
		j.must(c.Close())
	}
	slices.Sort(values)
	return values
}

// A reset of several stages that is interrupted at any commit leaves a job that
// refuses to start, or one that is as it was or as it should be; and is finished by
// running it again.
func TestResetOfStagesIsInterrupted(t *testing.T) {
	oldest := container.ResetTarget{Start: new(int64)}
	for _, remote := range []bool{false, true} {
		for n, done := 0, false; !done; n++ {
			for _, after := range []bool{false, true} {
				j := newResetJob(t, remote)
				seen := map[stream.Position]bool{}
				j.must(j.run())
				first := j.results(seen)
				err := j.reset(&failingLog{j.log, n, after}, oldest)
				if done = err == nil; !done && !errors.Is(err, errInterrupted) {
					t.Fatal(err)
				}
				if done && n != 5 {
					t.Fatalf("it has %d commits, and not two marks, a clearing and two ends", n)
				}
				if err := j.run(); err != nil && !strings.Contains(err.Error(), "run the reset again") {
					t.Fatal(err)
				} else if between := n > 0 && n < 4 || n == 0 && after || n == 4 && !after; between != (err != nil) {
					t.Errorf("interrupted at commit %d (after it: %v), it says %v", n, after, err)
				}
				j.results(seen)
				j.must(j.reset(j.log, oldest))
				j.must(j.run())
				if again := j.results(seen); len(first) != 4 || !slices.Equal(first, again) {
					t.Errorf("interrupted at commit %d (after it: %v), it has put out %v, and before %v", n, after, again, first)
				}
			}
		}
	}
}

// Of a reset that is interrupted when the first stages are finished, the job reads
// nothing that would then be passed over.
func TestResetLosesNothingBetweenStages(t *testing.T) {
	stay := container.ResetTarget{}
	for n := range 5 {
		j := newResetJob(t, n%2 == 0)
		seen := map[stream.Position]bool{}
		j.must(j.run())
		first := j.results(seen)
		j.feed(someWords)
		if err := j.reset(&failingLog{j.log, n, true}, stay); !errors.Is(err, errInterrupted) {
			t.Fatal(err)
		}
		err := j.run()
		if all := n == 4; all != (err == nil) {
			t.Fatal(err)
		} else if !all {
			j.must(j.reset(j.log, stay))
			j.must(j.run())
		}
		if again := j.results(seen); !slices.Equal(first, again) {
			t.Errorf("interrupted at commit %d it has put out %v, and not %v", n, again, first)
		}
	}
}
