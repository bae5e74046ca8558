//go:build real

package commands_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// command runs another command of the job's program, as it is now.
func (j *kafkaJob) command(t *testing.T, args ...string) programtest.Result {
	t.Helper()
	return runMain(t.Context(), j.pipeline(), append(args, "-kafka", j.args[1])...)
}

func TestRename_OnKafka(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	j := newKafkaJob(t, c, "rename", "count")
	j.run(t).Succeeded(t)
	j.store = "counted"
	j.command(t, "rename", "count", "counted").Succeeded(t)
	j.continues(t)
	if got := j.command(t, "stores", "dump", "counted").Succeeded(t); got.Out != `{"key":"a","value":2}`+"\n"+`{"key":"b","value":1}`+"\n" {
		t.Errorf("the store has %q", got.Out)
	}
	j.store = "again"
	j.command(t, "rename", "counted", "again").Succeeded(t)
	programtest.WriteFile(t, j.file, twoWords+strings.Repeat(`{"word":"a"}`+"\n", 2))
	if r := j.run(t).Succeeded(t); r.Out != "3\n" {
		t.Errorf("renamed twice, it printed %q\n%s", r.Out, r.Err)
	}
	j.store = "count"
	if r := j.run(t).Succeeded(t); r.Out != "" {
		t.Errorf("the first version finds the state by its name; it printed %q\n%s", r.Out, r.Err)
	}
	j.command(t, "rename", "again", "count").Succeeded(t)
	programtest.WriteFile(t, j.file, twoWords+strings.Repeat(`{"word":"a"}`+"\n", 3))
	if r := j.run(t).Succeeded(t); r.Out != "4\n" {
		t.Errorf("renamed back, it printed %q\n%s", r.Out, r.Err)
	}
}

func TestRename_RefusedWhileTheJobRuns(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	j := newKafkaJob(t, c, "busy", "count")
	j.run(t).Succeeded(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan programtest.Result, 1)
	go func() { ended <- runMain(ctx, j.pipeline(), "-kafka", j.args[1], "-data", t.TempDir()) }()
	defer func() {
		stop()
		<-ended
	}()
	for members := 0; members == 0 && t.Context().Err() == nil; {
		groups, err := c.Admin().DescribeGroups(t.Context(), "busy-by-word")
		if err != nil {
			t.Fatal(err)
		}
		members = len(groups["busy-by-word"].Members)
	}
	j.store = "counted"
	j.command(t, "rename", "count", "counted").Failed(t, "the job is running", "group busy-by-word", "stop it first")
}

// A keyed input that has grown changes the number of tasks. Reset gives the stores another
// changelog.
func TestReset_AfterAKeyedInputHasGrown(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	c.CreateTopic(t, "wider.words", 2, nil)
	dir := t.TempDir()
	file := programtest.WriteFile(t, dir+"/words.json", twoWords)
	app := func() *api.App {
		app := api.New("wider")
		app.FromKeyed[string, word]("wider.words").Count("count").To("wider.counts")
		return app
	}
	kafka := []string{"-kafka", strings.Join(c.Bootstrap(), ",")}
	run := func(args ...string) programtest.Result {
		t.Helper()
		return runMain(t.Context(), app(), append(append(args, kafka...), "-feed", "wider.words="+file, "-key", "wider.words=word", "-once", "-print", "wider.counts", "-data", dir+"/data")...)
	}
	run().Succeeded(t)
	if _, err := c.Admin().UpdatePartitions(t.Context(), 4, "wider.words"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"-accept-loss"}} {
		run(args...).Failed(t, `topic "wider-count-changelog" has 2 partitions, but stage "wider.words" now has 4 tasks`, "reset the job with this version")
	}
	runMain(t.Context(), app(), append([]string{"reset", "-to", "oldest", "-yes"}, kafka...)...).Succeeded(t)
	if r := run().Succeeded(t); len(r.Lines()) != 2 {
		t.Errorf("after the reset it printed %q\n%s", r.Out, r.Err)
	}
	programtest.WriteFile(t, file, twoWords+`{"word":"a"}`+"\n")
	if r := run().Succeeded(t); r.Out != "2\n" {
		t.Errorf("after that it printed %q\n%s", r.Out, r.Err)
	}
}
