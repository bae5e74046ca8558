//go:build real

package commands_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A kafkaJob counts words on a real broker.
type kafkaJob struct {
	cluster *kafkatest.Cluster
	app     string
	store   string // name of the operator with state
	second  string // name of another one; empty: none
	file    string // input to feed
	from    []api.InputOption[word]
	args    []string
}

// twoWords is the first input.
const twoWords = `{"word":"a"}` + "\n" + `{"word":"b"}` + "\n"

func newKafkaJob(t *testing.T, c *kafkatest.Cluster, app, store string) *kafkaJob {
	t.Helper()
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), twoWords)
	j := &kafkaJob{cluster: c, app: app, store: store, file: file}
	j.args = []string{
		"-kafka", strings.Join(c.Bootstrap(), ","), "-feed", j.topic("words") + "=" + file, "-once", "-print", j.topic("counts"),
		"-data", filepath.Join(dir, "data"), "-partitions", "1", "-commit-interval", "20ms",
	}
	return j
}

func (j *kafkaJob) topic(name string) string { return j.app + "." + name }

func (j *kafkaJob) run(t *testing.T) programtest.Result {
	t.Helper()
	return runMain(t.Context(), j.pipeline(), j.args...)
}

// pipeline is the job's program.
func (j *kafkaJob) pipeline() *api.App {
	app := api.New(j.app)
	byWord := app.From(j.topic("words"), j.from...).PartitionBy("by-word", func(w word) string { return w.Word })
	byWord.Count(j.store).To(j.topic("counts"))
	if j.second != "" {
		byWord.Count(j.second).To(j.topic("counts"))
	}
	return app
}

// refuses checks that the job doesn't start, and that its error has all these words. The job
// must not write to its topics.
func (j *kafkaJob) refuses(t *testing.T, words ...string) {
	t.Helper()
	before := j.ends(t)
	for range 2 { // a refusal must not change the next one
		if r := j.run(t); r.Code != 1 || r.Out != "" {
			t.Errorf("exit %d, printed %q", r.Code, r.Out)
		} else {
			r.Failed(t, words...)
		}
	}
	if after := j.ends(t); !maps.Equal(before, after) {
		t.Errorf("its topics ended at %v before, and at %v now", before, after)
	}
}

// changelog returns the committed records of the store's changelog.
func (j *kafkaJob) changelog(t *testing.T) (records []*kgo.Record) {
	t.Helper()
	topic := j.app + "-" + j.store + "-changelog"
	ends, err := j.cluster.Admin().ListCommittedOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, 0)
	client := j.cluster.Franz(t, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	for next := int64(0); next < end.Offset; {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if !r.Attrs.IsControl() {
				records = append(records, &kgo.Record{Topic: topic, Key: r.Key, Value: r.Value})
			}
		})
	}
	return records
}

// recreateChangelog deletes the store's changelog, and creates one with these records.
func (j *kafkaJob) recreateChangelog(t *testing.T, records ...*kgo.Record) {
	t.Helper()
	topic := j.app + "-" + j.store + "-changelog"
	j.cluster.DeleteTopic(t, topic)
	j.cluster.CreateTopic(t, topic, 1, map[string]string{"cleanup.policy": "compact"})
	client := j.cluster.Franz(t)
	for _, r := range records {
		copied := *r // the client changes it
		if err := client.ProduceSync(t.Context(), &copied).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// feedNothing removes the input file from the arguments.
func (j *kafkaJob) feedNothing() {
	j.args = slices.DeleteFunc(j.args, func(arg string) bool { return arg == "-feed" || strings.HasSuffix(arg, j.file) })
}

// forget deletes the local state.
func (j *kafkaJob) forget(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(filepath.Dir(j.file), "data", "state")); err != nil {
		t.Fatal(err)
	}
}

// continues runs the job with one more word, and checks that its count goes on.
func (j *kafkaJob) continues(t *testing.T) {
	t.Helper()
	programtest.WriteFile(t, j.file, twoWords+`{"word":"a"}`+"\n")
	if r := j.run(t).Succeeded(t); r.Out != "2\n" {
		t.Errorf("it printed %q\n%s", r.Out, r.Err)
	}
}

// ends returns the end offsets of the topics with results and state.
func (j *kafkaJob) ends(t *testing.T) map[string]int64 {
	t.Helper()
	ends := map[string]int64{}
	for _, topic := range []string{j.topic("counts"), j.app + "-" + j.store + "-changelog", j.app + "-" + j.second + "-changelog"} {
		list, err := j.cluster.Admin().ListEndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		list.Each(func(o kadm.ListedOffset) { ends[topic] += max(o.Offset, 0) })
		if ends[topic] == 0 {
			delete(ends, topic) // an empty topic counts as a missing one
		}
	}
	return ends
}

// If another client has changed state, offsets or topics, the job must not start.
func TestRun_RefusesChangedTopicsAndOffsets(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("reset offsets", func(t *testing.T) {
		j := newKafkaJob(t, c, "reset", "count")
		j.run(t).Succeeded(t)
		var old kadm.Offsets
		old.AddOffset("reset-by-word", 0, 1, -1)
		check(c.Admin().CommitAllOffsets(t.Context(), "reset-by-word", old))
		j.refuses(t, "reset-by-word/0: group reset-by-word has offset 1, but the state is as of offset 4: the group's offset was changed from outside. Set it back to 4, or delete the group's offsets")
		_, err := c.Admin().DeleteGroups(t.Context(), "reset-by-word")
		check(err)
		j.continues(t)
	})
	t.Run("deleted changelog", func(t *testing.T) {
		j := newKafkaJob(t, c, "deleted", "count")
		j.run(t).Succeeded(t)
		c.DeleteTopic(t, "deleted-count-changelog")
		j.refuses(t, "group deleted-by-word has committed offsets", "there is no topic deleted-count-changelog. Was it deleted", "Nothing was changed. Give the operator its former name, or run rename OLD NEW with this version; or reset the job")
		c.CreateTopic(t, "deleted-count-changelog", 1, map[string]string{"cleanup.policy": "compact"})
		j.refuses(t, "changelog deleted-count-changelog/0 has nothing of what was committed to it", "The state was not touched; start over under another app name")
		j.forget(t)
		j.refuses(t, "deleted-by-word/0: group deleted-by-word has offset 4", "was that topic deleted and created again?", "Start over under another app name")
	})
	t.Run("one of two changelogs deleted", func(t *testing.T) {
		j := newKafkaJob(t, c, "halved", "count")
		j.second = "count-again"
		j.run(t).Succeeded(t)
		c.DeleteTopic(t, "halved-count-changelog")
		for range 2 { // with the state, and without
			if r := j.run(t); r.Code != 1 {
				t.Errorf("exit %d\n%s", r.Code, r.Err)
			}
			j.refuses(t, "changelog halved-count-changelog/0 has nothing of what was committed to it", "give the operator a new name, to go on without its state")
			j.forget(t)
		}
		j.store = "count-renamed"
		programtest.WriteFile(t, j.file, twoWords+`{"word":"a"}`+"\n")
		j.refuses(t, "the change is refused", "-accept-loss")
		j.args = append(j.args, "-accept-loss")
		if r := j.run(t).Succeeded(t); r.Out != "1\n2\n" && r.Out != "2\n1\n" {
			t.Errorf("it printed %q\n%s", r.Out, r.Err)
		}
	})
	t.Run("one of two changelogs recreated with as many records", func(t *testing.T) {
		j := newKafkaJob(t, c, "recreated", "count")
		j.second = "count-again"
		j.run(t).Succeeded(t)
		former := j.changelog(t)
		programtest.WriteFile(t, j.file, twoWords+`{"word":"a"}`+"\n")
		j.run(t).Succeeded(t)
		whole := j.changelog(t)
		const recreated = "changelog recreated-count-changelog/0: the topic was deleted and created again (its id was "
		j.recreateChangelog(t, slices.Concat(former, former, former)...)
		j.refuses(t, recreated, "give the operator a new name, to go on without its state, or start over under another app name")
		j.forget(t)
		j.refuses(t, recreated, "everything that was committed to it before is gone. The state was not touched; give the operator a new name")
		j.recreateChangelog(t, whole...)
		programtest.WriteFile(t, j.file, twoWords+`{"word":"a"}`+"\n"+`{"word":"a"}`+"\n")
		if r := j.run(t).Succeeded(t); r.Out != "3\n3\n" {
			t.Errorf("it printed %q\n%s", r.Out, r.Err)
		}
	})
	t.Run("group used by another kind of client", func(t *testing.T) {
		j := newKafkaJob(t, c, "taken", "count")
		j.run(t).Succeeded(t)
		in := make(chan struct{})
		client := c.Franz(t, kgo.ConsumerGroup("taken-by-word"), kgo.ConsumeTopics(j.topic("words")),
			kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { close(in) }))
		<-in
		j.refuses(t, "group taken-by-word", "group taken-by-word is used by another client (cooperative-sticky)")
		j.args = slices.DeleteFunc(j.args, func(arg string) bool { return arg == "-once" })
		j.refuses(t, "stage by-word", "group taken-by-word", "in use by another kind of client: stop it, or use another group")
		client.LeaveGroup()
		j.args = append(j.args, "-once")
		j.continues(t)
	})
	t.Run("input recreated with as many records", func(t *testing.T) {
		j := newKafkaJob(t, c, "replaced", "count")
		j.run(t).Succeeded(t)
		c.DeleteTopic(t, j.topic("words"))
		c.CreateTopic(t, j.topic("words"), 1, nil)
		for _, w := range []string{"c", "d", "e"} {
			check(c.Franz(t).ProduceSync(t.Context(), &kgo.Record{Topic: j.topic("words"), Value: []byte(`{"word":"` + w + `"}`)}).FirstErr())
		}
		j.feedNothing()
		for range 2 { // the second stage may have started before
			r := j.run(t)
			r.Failed(t, "replaced.words/0: the topic was deleted and created again (its id was ", "OnOutOfRange of the input can say to go on with the oldest or the newest record")
			if r.Code != 1 || r.Out != "" {
				t.Errorf("exit %d, printed %q", r.Code, r.Out)
			}
		}
		j.from = []api.InputOption[word]{api.OnOutOfRange[word](api.ResumeOldest())}
		if r := j.run(t).Succeeded(t); r.Out != "1\n1\n1\n" || !strings.Contains(r.Err, "created again") || !strings.Contains(r.Err, "going on elsewhere") {
			t.Errorf("it printed %q\n%s", r.Out, r.Err)
		}
		j.from = nil
		if r := j.run(t).Succeeded(t); r.Out != "" {
			t.Errorf("it printed %q\n%s", r.Out, r.Err)
		}
	})
	t.Run("new operator", func(t *testing.T) {
		j := newKafkaJob(t, c, "grown", "count")
		j.run(t).Succeeded(t)
		j.second = "count-too"
		programtest.WriteFile(t, j.file, twoWords+`{"word":"a"}`+"\n")
		if r := j.run(t).Succeeded(t); r.Out != "1\n2\n" && r.Out != "2\n1\n" {
			t.Errorf("it printed %q\n%s", r.Out, r.Err)
		}
	})
	t.Run("renamed operator", func(t *testing.T) {
		j := newKafkaJob(t, c, "renamed", "count")
		j.run(t).Succeeded(t)
		j.store = "counted"
		if r := j.run(t).Failed(t, "the change is refused"); !strings.Contains(r.Err, "run rename count counted with this version") {
			t.Errorf("the error doesn't suggest rename:\n%s", r.Err)
		}
		c.DeleteTopic(t, "renamed-plan") // so that the previous plan is unknown
		j.refuses(t, "there is no topic renamed-counted-changelog", "Give the operator its former name")
		j.store = "count"
		j.continues(t)
	})
	t.Run("changelog of another app", func(t *testing.T) {
		other := newKafkaJob(t, c, "words-by", "count")
		other.run(t).Succeeded(t)
		newKafkaJob(t, c, "words", "by-count").refuses(t, "words-by-count-changelog/0", "belongs to stage by-word of app words-by: give the app or the operator another name")
		other.continues(t)
	})
	t.Run("changelog of another client", func(t *testing.T) {
		j := newKafkaJob(t, c, "foreign", "count")
		c.CreateTopic(t, "foreign-count-changelog", 1, map[string]string{"cleanup.policy": "compact"})
		check(c.Franz(t).ProduceSync(t.Context(), &kgo.Record{Topic: "foreign-count-changelog", Key: []byte("a"), Value: []byte("b")}).FirstErr())
		j.refuses(t, "foreign-count-changelog/0 has records, but no meta record", "delete the topic, or give the app another name")
	})
}

// The error must name the broker's setting, and -at-least-once if the job can run so.
func TestRun_RefusesLowTransactionTimeoutOfBrokers(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{Properties: map[string]string{"transaction.max.timeout.ms": "10000"}})
	for _, fed := range []bool{true, false} {
		j := newKafkaJob(t, c, fmt.Sprintf("fed-%v", fed), "count")
		hint := "or do without transactions: -at-least-once"
		if !fed {
			c.CreateTopic(t, j.topic("words"), 1, nil)
			j.feedNothing()
		}
		j.run(t).Failed(t, "the cluster isn't set up for transactions: set the brokers' transaction.max.timeout.ms to 30000 at least")
		if r := j.run(t); r.Code != 1 || strings.Contains(r.Err, hint) == fed {
			t.Errorf("fed %v, exit %d\n%s", fed, r.Code, r.Err)
		}
		j.args = append(j.args, "-at-least-once")
		if r := j.run(t); (r.Code == 0) == fed {
			t.Errorf("fed %v, exit %d\n%s", fed, r.Code, r.Err)
		}
	}
}
