//go:build real

package commands_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// An input that is deleted and created again while the job runs is another topic. Nothing
// of it is taken for the rest of the former one: the job stops, or reads all of it, as its
// OnOutOfRange says.
func TestRun_InputRecreatedMeanwhile(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	for name, options := range map[string][]api.InputOption[visit]{
		"refused": nil,
		"oldest":  {api.OnOutOfRange[visit](api.ResumeOldest())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &growingJob{T: t, cluster: c, app: kafkatest.Name(t)}
			c.CreateTopic(t, j.visits(), 1, nil)
			app := api.New(j.app)
			app.From(j.visits(), options...).To(j.counts())
			run := j.start(app)
			j.send(1)
			j.copied(10)
			c.DeleteTopic(t, j.visits())
			c.CreateTopic(t, j.visits(), 1, nil)
			j.send(1)
			j.send(1) // longer than the former topic
			if options != nil {
				j.copied(30)
				run.stop().Succeeded(t)
				return
			}
			select {
			case r := <-run.ended:
				run.ended <- r // for the cleanup
				r.Failed(t, "was deleted and created again", j.visits()+"/0", "OnOutOfRange")
			case <-time.After(time.Minute):
				t.Fatal("the job goes on")
			}
			j.copied(10)
		})
	}
}

// copied checks that so many records are in the output, once they are, and no more of them.
func (j *growingJob) copied(want int) {
	j.Helper()
	client := j.cluster.Franz(j, kgo.ConsumeTopics(j.counts()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(j.Context(), time.Minute)
	defer cancel()
	got := 0
	for got < want {
		fetched := client.PollFetches(ctx)
		if ctx.Err() != nil {
			j.Fatalf("%d of %d records were copied", got, want)
		}
		got += fetched.NumRecords()
	}
	more, cancel := context.WithTimeout(j.Context(), time.Second)
	defer cancel()
	fetched := client.PollFetches(more)
	if err := fetched.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		j.Fatal(err)
	}
	if got += fetched.NumRecords(); got != want {
		j.Errorf("%d records were copied, want %d", got, want)
	}
}
