package api_test

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/scheduler"
)

// countedViews counts views by user, whatever they are read from.
func countedViews(from func(app *api.App) api.Stream[view]) *api.App {
	app := api.New("test")
	from(app).PartitionBy("by-user", userOf).Window("per-minute", api.Tumbling(time.Minute)).Count().To("counts")
	return app
}

func TestInput_OfSeveralTopicsIsOneStream(t *testing.T) {
	app := countedViews(func(app *api.App) api.Stream[view] { return app.FromTopics([]string{"eu", "us"}, eventTime()) })
	for _, o := range []apitest.Options{{}, {Partitions: 3, Containers: 2}} {
		x := apitest.New(t, app, o)
		x.Send("eu", on("ann", 1), on("bob", 2))
		x.Send("us", on("ann", 3))
		x.Restart()
		x.Send("us", on("ann", 59))
		x.End()
		x.Expect("counts", pane("ann", 0, 3), pane("bob", 0, 1))
	}
}

// Event time is that of the topic that lags: no window closes before its records
// are in.
func TestWatermark_WaitsForSlowestTopic(t *testing.T) {
	app := countedViews(func(app *api.App) api.Stream[view] { return app.FromTopics([]string{"eu", "us"}, eventTime()) })
	x := apitest.New(t, app)
	x.Send("eu", on("ann", 1), on("ann", 300))
	x.Send("us", on("bob", 2))
	x.Expect[api.Pane[string, int64]]("counts")
	x.Send("us", on("bob", 5), on("bob", 66))
	x.Expect("counts", pane("ann", 0, 1), pane("bob", 0, 2))
}

// Watermarks of a stage that has the windows itself, too.
func TestWatermark_WaitsForSlowestTopicOfItsStage(t *testing.T) {
	app := api.New("test")
	app.FromKeyedTopics[string]([]string{"eu", "us"}, eventTime()).Window("per-minute", api.Tumbling(time.Minute)).Count().To("counts")
	x := apitest.New(t, app)
	x.SendKeyed("eu", "ann", on("ann", 1))
	x.SendKeyed("eu", "ann", on("ann", 300))
	x.SendKeyed("us", "ann", on("ann", 2))
	x.Expect[api.Pane[string, int64]]("counts")
	x.SendKeyed("us", "bob", on("bob", 66))
	x.Expect("counts", pane("ann", 0, 2))
}

func TestPattern_FindsNewTopicsAtNextStart(t *testing.T) {
	app := countedViews(func(app *api.App) api.Stream[view] { return app.FromMatching("views", "views-.*", eventTime()) })
	x := apitest.New(t, app, apitest.Options{Partitions: 2, Topics: []string{"views-eu", "other"}})
	x.Send("views-eu", on("ann", 1))
	x.CreateTopic("views-africa") // which comes first by name
	x.Send("views-africa", on("ann", 2))
	x.Send("views-eu", on("bob", 3))
	x.Expect[api.Pane[string, int64]]("counts")
	x.Restart()
	x.Send("views-africa", on("ann", 4))
	x.End()
	x.Expect("counts", pane("ann", 0, 3), pane("bob", 0, 1))
}

func TestPattern_Keyed(t *testing.T) {
	app := api.New("test")
	app.FromKeyedMatching[string, view]("views", "[a-c]").Count("total").To("totals")
	x := apitest.New(t, app, apitest.Options{Topics: []string{"a", "c", "d"}})
	x.SendKeyed("a", "ann", on("ann", 1))
	x.SendKeyed("c", "ann", on("ann", 1))
	x.SendKeyed("d", "ann", on("ann", 1))
	x.Expect[int64]("totals", 1, 2)
}

func TestInput_RefusesMistakes(t *testing.T) {
	app := api.New("test")
	_, _, line, _ := runtime.Caller(0)
	app.FromTopics[view](nil).To("out")
	app.FromTopics[view]([]string{"a", "b/c", "a"}).To("out")
	app.FromMatching[view]("m", "x(").To("out")
	app.FromMatching[view]("m", "").To("out")
	app.FromMatching[view]("", "x").To("out")
	app.FromMatching("n", "x", api.Sample(func() iter.Seq[view] { return slices.Values([]view{}) })).To("out")
	app.From("a", api.StartAt[view](time.Time{})).To("out")
	_, err := app.Pipeline().Graph()
	if err == nil {
		t.Fatal("no mistake was found")
	}
	var got []string
	for line := range strings.Lines(err.Error()) {
		got = append(got, strings.TrimSpace(line))
	}
	for i, want := range []struct {
		after int // lines
		text  string
	}{
		{1, "an input has no topics: name those that it reads"},
		{2, `input topic "b/c": name "b/c" has '/' in it`},
		{2, `input topic "a" is named twice`},
		{3, "input \"m\": pattern \"x(\": error parsing regexp: missing closing )"},
		{4, fmt.Sprintf(`input "m": the input at api/input_test.go:%d has this name already`, line+3)},
		{4, `input "m": the pattern is missing`},
		{5, `input "": a name is missing`},
		{6, `input "n": a sample needs a topic, and a pattern names none`},
		{7, `StartAt has no time`},
	} {
		if i >= len(got) || !strings.HasPrefix(got[i], fmt.Sprintf("api/input_test.go:%d: %s", line+want.after, want.text)) {
			t.Errorf("mistake %d isn't, %d lines on: %s", i, want.after, want.text)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

// One topic has one start in a stage; who wants two must say so at both.
func TestStart_RefusesTwoForOneTopic(t *testing.T) {
	app := api.New("test")
	_, _, line, _ := runtime.Caller(0)
	app.From("a", api.StartNewest[view]()).To("x")
	app.From("a", api.StartNewest[view](), api.OnOutOfRange[view](api.ResumeOldest())).To("y")
	_, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"a": 1}}, scheduler.Options{})
	want := fmt.Sprintf(`api/input_test.go:%d: topic "a" has another input, at api/input_test.go:%d`, line+2, line+1)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// These options decide where the first run starts to read a topic.
func TestStart_DecidesWhereFirstRunReads(t *testing.T) {
	for name, tt := range map[string]struct {
		option api.InputOption[view]
		want   int64 // of four views, the first three an hour apart and before the start
	}{
		"oldest":                {api.StartOldest[view](), 4},
		"newest":                {api.StartNewest[view](), 1},
		"at a time":             {api.StartAt[view](time.Unix(1800, 0)), 3},
		"at a time before all":  {api.StartAt[view](time.Unix(-1, 0)), 4},
		"at a time after all":   {api.StartAt[view](time.Unix(1e6, 0)), 1},
		"newest, with disorder": {api.StartNewest[view]().Disorder(time.Second), 1},
		"OnOutOfRange alone":    {api.OnOutOfRange[view](api.ResumeNewest()), 4},
	} {
		t.Run(name, func(t *testing.T) {
			app := countedViews(func(app *api.App) api.Stream[view] {
				return app.FromMatching("views", "views-.*", eventTime(), tt.option)
			})
			x := apitest.New(t, app, apitest.Options{Topics: []string{"views-eu"}})
			x.CreateTopic("views-us")
			for range 3 {
				x.Send("views-us", on("ann", 1))
				x.Wait(time.Hour)
			}
			x.Restart()
			x.Restart() // keeps the start of the first run
			x.Send("views-us", on("ann", 2))
			x.End()
			x.Expect("counts", pane("ann", 0, tt.want))
		})
	}
}

// A record without a value is dropped by default. Otherwise it is a record that fails.
func TestInput_Tombstones(t *testing.T) {
	for name, test := range map[string]struct {
		options []api.InputOption[view]
		err     string // of the job
	}{
		"default":              {},
		"dropped":              {options: []api.InputOption[view]{api.OnTombstone[view](api.Skip())}},
		"failures are skipped": {options: []api.InputOption[view]{api.OnTombstone[view](api.Fail()), api.OnError[view](api.Skip())}},
		"failures stop it": {[]api.InputOption[view]{api.OnTombstone[view](api.Fail())},
			"topic views, partition 0, offset 1: the record can't be decoded: the record has no value (a tombstone)"},
	} {
		t.Run(name, func(t *testing.T) {
			app := api.New("test")
			app.FromKeyed[string]("views", test.options...).Map(userOf).To("users")
			job := &failing{TB: t}
			x := apitest.New(job, app)
			x.SendKeyed("views", "ann", on("ann", 1))
			x.SendTombstone("views", "ann")
			x.SendKeyed("views", "bob", on("bob", 2))
			job.run(func() { x.Expect("users", "ann", "bob") })
			if !strings.Contains(job.failure, test.err) || (job.failure == "") != (test.err == "") {
				t.Errorf("it failed with %q", job.failure)
			}
		})
	}
}

// failing is a test that is expected to fail: it keeps the message.
type failing struct {
	testing.TB
	failure string
}

func (f *failing) Fatal(args ...any) {
	f.failure = fmt.Sprint(args...)
	runtime.Goexit()
}

// run runs f, which may end the test.
func (f *failing) run(in func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		in()
	}()
	<-done
}
