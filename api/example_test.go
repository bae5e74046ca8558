package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/topics"
	kvmemory "github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

type PageView struct {
	User, Page string
	At         time.Time
}

func Example() {
	app := api.New("pageviews")
	app.From("page-views", api.EventTime(func(v PageView) time.Time { return v.At })).
		Filter(func(v PageView) bool { return v.User != "" }).
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To("views-per-user")

	// A program ends with app.Main(), which reads the command line. Here, what it
	// would run:
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"page-views": 4}}, scheduler.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, stage := range plan.Stages {
		fmt.Printf("stage %s: %d tasks\n", stage.Name, stage.Tasks)
	}
	// Output:
	// stage page-views: 4 tasks
	// stage by-user: 4 tasks
}

// A client whose clock is wrong doesn't make the views of others late: a record
// that is further ahead than a minute moves event time by a minute only.
func ExampleInputOption_MaxAhead() {
	app := api.New("pageviews")
	app.From("page-views", api.EventTime(func(v PageView) time.Time { return v.At }).Disorder(10*time.Second).MaxAhead(time.Minute)).
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To("views-per-user")
}

// Views that are more than a minute ahead of the clock are left out.
func ExampleInputOption_OnAhead() {
	app := api.New("pageviews")
	app.From("page-views", api.EventTime(func(v PageView) time.Time { return v.At }).MaxAhead(time.Minute).OnAhead(api.Skip())).
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Count("views").
		To("views-per-user")
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"page-views": 4}}, scheduler.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range plan.Nodes[0].Params {
		fmt.Println(p.Name, p.Value)
	}
	// Output:
	// disorder 5s
	// max-ahead 1m0s
	// on-ahead skip
}

// A table holds the latest value of each key; its updates are a stream again.
func ExampleKeyedStream_Fold() {
	type Order struct {
		Customer string
		Cents    int64
	}
	app := api.New("orders")
	app.From[Order]("orders").
		PartitionBy("by-customer", func(o Order) string { return o.Customer }).
		Fold("spent", func(cents int64, o Order) int64 { return cents + o.Cents }).
		Updates().
		Filter(func(cents int64) bool { return cents > 100_00 }).
		To("good-customers")
}

// Allowed lateness: a window waits for a minute of event time after its end.
func ExampleWindowedStream_FoldFrom() {
	app := api.New("pages")
	app.From("page-views", api.EventTime(func(v PageView) time.Time { return v.At }).Disorder(30*time.Second)).
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Window("visited", api.Tumbling(time.Hour).Grace(time.Minute)).
		FoldFrom(func() map[string]int { return map[string]int{} }, func(pages map[string]int, v PageView) map[string]int {
			pages[v.Page]++
			return pages
		}).
		To("visited")
}

// Records that can't be parsed are skipped and counted. Without Skip they would stop the job.
func ExampleStream_TryMap() {
	parse := func(line string) (PageView, error) {
		user, page, ok := strings.Cut(line, " ")
		if !ok {
			return PageView{}, errors.New("no page")
		}
		return PageView{User: user, Page: page}, nil
	}
	app := api.New("lines")
	app.From[string]("lines").TryMap("parse", parse, api.Skip()).To("page-views")
}

// A reusable piece of pipeline is a function from stream to stream.
func ExampleStream_Apply() {
	words := func(lines api.Stream[string]) api.Stream[string] {
		return lines.FlatMap(strings.FieldsSeq).Map(strings.ToLower)
	}
	app := api.New("words")
	app.From[string]("lines").Apply(words).
		PartitionBy("by-word", func(w string) string { return w }).
		Count("count").
		To("counts")
}

// The last version of the program kept counts alone; values of that version are
// converted when they are read.
func ExampleUpgrade() {
	type stats struct {
		Count   int64
		Average float64
	}
	type counts struct{ Views int64 } // as the last version had it

	app := api.New("stats")
	app.From[PageView]("page-views").
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Fold("stats", func(s stats, _ PageView) stats { return stats{s.Count + 1, s.Average} },
			api.Upgrade(func(old counts) stats { return stats{Count: old.Views} })).
		To("stats")
}

// The value of a key in a running job, as of its last commit.
func ExampleQuery() {
	stop, address := runViews() // a job that counts in a table "views", by user
	defer stop()
	views, found, err := api.Query[string, int64](context.Background(), address, "views", "ann")
	fmt.Println(views, found, err)
	_, found, err = api.Query[string, int64](context.Background(), address, "views", "nobody")
	fmt.Println(found, err)
	// Output:
	// 2 true <nil>
	// false <nil>
}

// A decimalSerde writes numbers as people do.
type decimalSerde struct{}

func (decimalSerde) String() string { return "decimal" }
func (decimalSerde) Append(dst []byte, n int64) ([]byte, error) {
	return strconv.AppendInt(dst, n, 10), nil
}
func (decimalSerde) Parse(src []byte) (int64, error) { return strconv.ParseInt(string(src), 10, 64) }

// A store whose values have a serde of the user's.
func ExampleQuerySerde() {
	stop, address := runViews(api.DefaultSerde(decimalSerde{}))
	defer stop()
	views, found, err := api.Query[string, int64](context.Background(), address, "views", "ann", api.QuerySerde(decimalSerde{}))
	fmt.Println(views, found, err)
	_, _, err = api.Query[string, int64](context.Background(), address, "views", "ann")
	fmt.Println(strings.HasSuffix(err.Error(), "its values are of type decimal, not int64"))
	// Output:
	// 2 true <nil>
	// true
}

// runViews runs a job on a log in memory, until it has counted three views.
func runViews(opts ...api.Option) (stop func(), address string) {
	ctx := context.Background()
	app := api.New("example", opts...)
	app.From[PageView]("page-views").PartitionBy("by-user", func(v PageView) string { return v.User }).Count("views").To("counts")
	log := memory.New()
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"page-views": 1}}, scheduler.Options{})
	check(err)
	check(log.Admin().CreateTopic(ctx, stream.TopicConfig{Name: "page-views", Partitions: 1}))
	check(topics.Create(ctx, log.Admin(), plan, topics.Options{}))
	p, err := log.OpenProducer(ctx, stream.ProducerConfig{})
	check(err)
	w, err := p.Writer("page-views")
	check(err)
	for _, user := range []string{"ann", "bob", "ann"} {
		check(w.Send(0, &stream.Record{Value: fmt.Appendf(nil, `{"User":%q}`, user)}))
	}
	_, err = p.Commit(ctx, stream.GroupOffsets{})
	check(errors.Join(err, p.Close()))
	readers := &container.Readers{}
	base := container.Config{Program: app.Pipeline().Program(), System: log, Engine: kvmemory.New(0), CommitInterval: 1, Readers: readers}
	var running []*container.Container
	for _, cfg := range container.Configs(plan, base) {
		c, err := container.Open(ctx, cfg)
		check(err)
		running = append(running, c)
	}
	for range 100 {
		for _, c := range running {
			_, err := c.Step(ctx)
			check(err)
		}
	}
	server := httptest.NewServer(httpapi.NewHandler(httpapi.Config{Plan: plan, Registry: metrics.NewRegistry(metrics.Config{}), Readers: readers}))
	return func() {
		server.Close()
		for _, c := range running {
			check(c.Close())
		}
	}, server.Listener.Addr().String()
}

// check ends an example that can't go on.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// The slowest views of each hour, and the views that came too late for their hour.
func ExampleTopN() {
	type Request struct {
		Page string
		At   time.Time
		Ms   int64
	}
	app := api.New("requests")
	requests := app.From("requests", api.EventTime(func(r Request) time.Time { return r.At })).
		PartitionBy("by-page", func(r Request) string { return r.Page })
	hourly := requests.Window("slowest", api.Tumbling(time.Hour))
	api.TopN(hourly, 3, func(r Request) int64 { return r.Ms }).To("slowest-requests")
	hourly.Late().To("late-requests")
	run(app)
	// Output:
	// stage requests: 4 tasks
	// stage by-page: 4 tasks
}

// Visits to a site end when a user has been away for half an hour. Those that go on are shown
// each five seconds.
func ExampleSession() {
	type Request struct {
		User, Page string
		At         time.Time
	}
	type Visit struct{ Pages int }
	app := api.New("visits")
	app.From("requests", api.EventTime(func(r Request) time.Time { return r.At })).
		PartitionBy("by-user", func(r Request) string { return r.User }).
		Window("visits", api.Session(30*time.Minute).Grace(time.Minute).Early(api.Every(5*time.Second))).
		Fold(func(v Visit, _ Request) Visit { return Visit{v.Pages + 1} }, api.Merging(func(a, b Visit) Visit { return Visit{a.Pages + b.Pages} })).
		To("visits")
	run(app)
	// Output:
	// stage requests: 4 tasks
	// stage by-user: 4 tasks
}

// run prints the stages of a plan. A program ends with app.Main() instead.
func run(app *api.App) {
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"requests": 4}}, scheduler.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, stage := range plan.Stages {
		fmt.Printf("stage %s: %d tasks\n", stage.Name, stage.Tasks)
	}
}
