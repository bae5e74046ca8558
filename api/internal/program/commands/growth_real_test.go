//go:build real

package commands_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A growingJob counts visits of a topic that gets more partitions.
type growingJob struct {
	*testing.T
	cluster *kafkatest.Cluster
	app     string
	sent    int
}

func (j *growingJob) visits() string { return j.app + ".visits" }
func (j *growingJob) counts() string { return j.app + ".counts" }

// counting counts behind a repartition, so that the partitions of the input don't matter.
func (j *growingJob) counting() *api.App {
	app := api.New(j.app)
	app.From[visit](j.visits(), api.StartNewest[visit]()).PartitionBy("by-user", func(v visit) string { return v.User }).Count("n").To(j.counts())
	return app
}

// A growingRun is a run of the app.
type growingRun struct {
	cancel context.CancelFunc
	ended  chan programtest.Result
}

func (j *growingJob) start(app *api.App) growingRun {
	ctx, cancel := context.WithCancel(j.Context())
	r := growingRun{cancel, make(chan programtest.Result, 1)}
	args := []string{"-kafka", strings.Join(j.cluster.Bootstrap(), ","), "-data", j.TempDir(), "-commit-interval", "50ms", "-session-timeout", "6s", "-refresh", "200ms"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended <- runMain(ctx, app, args...)
	}()
	j.Cleanup(func() {
		cancel()
		<-done
	})
	return r
}

func (r growingRun) stop() programtest.Result {
	r.cancel()
	return <-r.ended
}

// settled waits until offsets are committed for all partitions.
func (j *growingJob) settled(partitions int) {
	j.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		offsets, err := j.cluster.Admin().FetchOffsets(j.Context(), j.app+"-"+j.visits())
		if err == nil && len(offsets[j.visits()]) == partitions {
			return
		}
		<-tick.C
	}
}

// send writes visits of the same few users to each partition.
func (j *growingJob) send(partitions int32) {
	j.Helper()
	client := j.cluster.Franz(j, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for p := range partitions {
		for i := range 10 {
			value, err := json.Marshal(visit{User: fmt.Sprint("user-", i)})
			if err != nil {
				j.Fatal(err)
			}
			r := &kgo.Record{Topic: j.visits(), Partition: p, Value: value}
			if err := client.ProduceSync(j.Context(), r).FirstErr(); err != nil {
				j.Fatal(err)
			}
			j.sent++
		}
	}
}

// wait reads the counts until they are those of all that was sent, and fails if they
// come to more.
func (j *growingJob) wait() {
	j.Helper()
	client := j.cluster.Franz(j, kgo.ConsumeTopics(j.counts()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(j.Context(), time.Minute)
	defer cancel()
	last, sum, records := map[string]int{}, 0, 0
	for sum < j.sent || records < j.sent {
		fetched := client.PollFetches(ctx)
		if ctx.Err() != nil {
			j.Fatalf("of %d visits %d were counted: %v", j.sent, sum, last)
		}
		fetched.EachRecord(func(r *kgo.Record) {
			n := int(binary.BigEndian.Uint64(r.Value))
			sum += n - last[string(r.Key)]
			last[string(r.Key)] = n
			records++
		})
	}
	if sum != j.sent || records != j.sent {
		j.Errorf("%d visits, and %d results that come to %d", j.sent, records, sum)
	}
}

func (j *growingJob) grow(partitions int) {
	j.Helper()
	got, err := j.cluster.Admin().UpdatePartitions(j.Context(), partitions, j.visits())
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		j.Fatal(err)
	}
}

func TestRun_FollowsGrowingInputs(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	for name, test := range map[string]func(*growingJob){"behind a repartition": growsBehind, "keyed": growsKeyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &growingJob{T: t, cluster: c, app: strings.ToLower(kafkatest.Name(t))}
			c.CreateTopic(t, j.visits(), 2, nil)
			c.CreateTopic(t, j.counts(), 2, nil)
			test(j)
		})
	}
}

// An input that feeds no store may grow at any time: the processes follow one by one, and
// miss no record of the new partitions, even if the job started at the newest. The same
// holds if the input grows while the job is stopped.
func growsBehind(j *growingJob) {
	first := j.start(j.counting())
	j.settled(2)
	second := j.start(j.counting())
	j.send(2)
	j.wait()
	j.grow(5)
	j.send(5)
	j.wait()
	second.stop().Succeeded(j.T)
	if r := first.stop().Succeeded(j.T); !strings.Contains(r.Err, "topic "+j.visits()+" has grown from 2 to 5 partitions") {
		j.Errorf("it doesn't say that it follows:\n%s", r.Err)
	}
	j.grow(6)
	j.send(6)
	third := j.start(j.counting())
	j.wait()
	third.stop().Succeeded(j.T)
	plan := runMain(j.Context(), j.counting(), "plan", "-kafka", strings.Join(j.cluster.Bootstrap(), ",")).Succeeded(j.T)
	if !strings.Contains(plan.Out, "change: none: the plan is the same") {
		j.Errorf("what ran last is another plan than\n%s", plan.Out)
	}
}

// The job can't follow an input whose keys are counted without a PartitionBy; it says why,
// and what can be done.
func growsKeyed(j *growingJob) {
	pipeline := func() *api.App {
		app := api.New(j.app)
		app.FromKeyed[string, visit](j.visits()).Count("n").To(j.counts())
		return app
	}
	r := j.start(pipeline())
	j.settled(2)
	j.grow(3)
	words := []string{"2 partitions", "3 tasks", j.visits(), "reset the job", "PartitionBy"}
	ended := <-r.ended
	ended.Failed(j.T, append(words, "the inputs have grown")...)
	runMain(j.Context(), pipeline(), "plan", "-kafka", strings.Join(j.cluster.Bootstrap(), ",")).Failed(j.T, words...)
}
