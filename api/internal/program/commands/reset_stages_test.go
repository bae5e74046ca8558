package commands_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/container/topics"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	streammemory "github.com/gretestream/grete/stream/memory"
	"github.com/gretestream/grete/stream/streamtest"
)

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
	j.plan, err = wordsPerMinute().Pipeline().Plan(scheduler.Metadata{Partitions: known}, scheduler.Options{})
	j.must(err)
	j.must(topics.Create(t.Context(), log.Admin(), j.plan, topics.Options{}))
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
	base := container.Config{Program: wordsPerMinute().Pipeline().Program(), System: j.log, Engine: memory.New(0), Run: j.runs, Bounds: bounds}
	for _, cfg := range container.Configs(j.plan, base) {
		if err := container.Run(j.Context(), cfg); err != nil {
			return err
		}
	}
	return nil
}

func (j *resetJob) reset(log stream.System, target reset.Target) error {
	x, err := reset.Prepare(j.Context(), j.plan, reset.Config{System: log}, target)
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

// A reset of several stages that is interrupted at any commit leaves a job that refuses
// to start, or is as it was, or as it should be. Running the reset again finishes it.
func TestReset_InterruptedBetweenStages(t *testing.T) {
	oldest := reset.Target{Start: new(int64)}
	for _, remote := range []bool{false, true} {
		for n, done := 0, false; !done; n++ {
			for _, after := range []bool{false, true} {
				j := newResetJob(t, remote)
				seen := map[stream.Position]bool{}
				j.must(j.run())
				first := j.results(seen)
				err := j.reset(&streamtest.Interrupted{System: j.log, Left: n, After: after}, oldest)
				if done = err == nil; !done && !errors.Is(err, streamtest.ErrInterrupted) {
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

// After a reset that was interrupted between stages the job reads nothing that the
// finished reset would skip.
func TestReset_SkipsNothingNewBetweenStages(t *testing.T) {
	stay := reset.Target{}
	for n := range 5 {
		j := newResetJob(t, n%2 == 0)
		seen := map[stream.Position]bool{}
		j.must(j.run())
		first := j.results(seen)
		j.feed(someWords)
		if err := j.reset(&streamtest.Interrupted{System: j.log, Left: n, After: true}, stay); !errors.Is(err, streamtest.ErrInterrupted) {
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
