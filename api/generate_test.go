package api_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/scheduler"
)

// numbers yields the numbers from 0 on, n of them.
func numbers(n int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// forever is more values than any test takes.
const forever = 1 << 62

func TestGenerate_YieldsToItsStream(t *testing.T) {
	app := api.New("test")
	app.Generate("numbers", numbers(3)).To("out")
	x := apitest.New(t, app)
	x.Expect[int64]("out")
	x.Generate("numbers", 2)
	x.Expect("out", int64(0), int64(1))
	x.Generate("numbers", 100)
	x.Expect("out", int64(2))
}

// The sequence is longer than a generator may be ahead, many times.
func TestGenerate_GoesOnAfterCrash(t *testing.T) {
	app := api.New("test")
	in := app.Generate("numbers", numbers(forever))
	in.To("out")
	in.PartitionBy("by-rest", func(n int64) int64 { return n % 3 }).Count("counts").To("counts")
	for seed := range uint64(20) {
		x := apitest.New(t, app, apitest.Options{Partitions: 2, Containers: 2})
		chance := rand.New(rand.NewPCG(seed, 1))
		total := int64(0)
		for range 10 {
			n := chance.Int64N(700)
			x.Generate("numbers", n)
			total += n
			switch chance.IntN(3) {
			case 0:
				x.Restart()
			case 1:
				x.Wait(time.Second)
			}
		}
		got := x.Output[int64]("out")
		slices.Sort(got)
		if want := slices.Collect(numbers(total)); !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %d values, want %d, each once", seed, len(got), total)
		}
		highest := map[int64]int64{}
		for _, n := range x.Output[int64]("counts") {
			highest[n]++
		}
		for n := range highest {
			if want := min(3, total-3*(n-1)); highest[n] != want {
				t.Fatalf("seed %d: the count %d came %d times, want %d", seed, n, highest[n], want)
			}
		}
	}
}

func TestGenerate_MergesWithTopics(t *testing.T) {
	app := api.New("test")
	views := app.From("views", eventTime())
	made := app.Generate("made", slices.Values([]view{on("bob", 1), on("bob", 61)}), eventTime())
	views.Merge(made).PartitionBy("by-user", userOf).Window("per-minute", api.Tumbling(time.Minute)).Count().To("out")
	x := apitest.New(t, app, apitest.Options{Partitions: 3})
	x.Send("views", on("ann", 2), on("ann", 3))
	x.Generate("made", 1)
	x.Advance(2 * time.Minute)
	x.Expect("out", pane("ann", 0, 2), pane("bob", 0, 1))
	x.Generate("made", 1) // it is late
	x.Advance(2 * time.Minute)
	x.Expect[api.Pane[string, int64]]("out")
}

func TestGenerate_EndClosesWindows(t *testing.T) {
	app := api.New("test")
	app.Generate("made", slices.Values([]view{on("bob", 1), on("bob", 61), on("ann", 62)}), eventTime()).
		PartitionBy("by-user", userOf).Window("per-minute", api.Tumbling(time.Minute)).Count().To("out")
	x := apitest.New(t, app)
	x.Generate("made", 2)
	x.End()
	x.Expect("out", pane("bob", 0, 1), pane("bob", 60, 1))
	x.Generate("made", 10)
	x.End()
	x.Expect("out", pane("ann", 60, 1))
}

func TestGenerate_PanicStopsTheJob(t *testing.T) {
	app := api.New("test")
	app.Generate("numbers", func(yield func(int64) bool) {
		yield(0)
		panic("out of numbers")
	}).To("out")
	why := failureOf(t, func(tb testing.TB) {
		x := apitest.New(tb, app)
		x.Generate("numbers", 2)
		x.Output[int64]("out")
	})
	if want := "generator numbers, after 1 values: panic: out of numbers (generate_test.go:"; !strings.Contains(why, want) {
		t.Errorf("the message is %q, want %q in it", why, want)
	}
}

func TestGenerate_FailingValue(t *testing.T) {
	half := func(n int64) (int64, error) {
		if n == 1 {
			return 0, fmt.Errorf("%d is odd", n)
		}
		return n / 2, nil
	}
	for _, policy := range []api.ErrorPolicy{api.Fail(), api.Skip()} {
		app := api.New("test")
		in := app.Generate("numbers", numbers(3), api.OnError[int64](policy))
		in.To("all") // is undone when the value fails
		in.TryMap("half", half).To("out")
		run := func(tb testing.TB) {
			x := apitest.New(tb, app)
			x.Generate("numbers", 3)
			x.Expect("out", int64(0), int64(1))
			x.Expect("all", int64(0), int64(2))
		}
		if policy == api.Skip() {
			run(t)
			continue
		}
		why := failureOf(t, run)
		if want := `generator numbers, value 1: map "half" at api/generate_test.go:`; !strings.Contains(why, want) || !strings.HasSuffix(why, "1 is odd") {
			t.Errorf("the message is %q, want %q in it", why, want)
		}
	}
}

func TestGenerate_IsInThePlan(t *testing.T) {
	app := api.New("test")
	app.Generate("numbers", numbers(3), api.Priority[int64](2)).To("out")
	plan, err := app.Pipeline().Plan(scheduler.Metadata{}, scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Stages) != 1 || plan.Stages[0].Name != "numbers" || plan.Stages[0].Tasks != 1 {
		t.Fatalf("stages %+v", plan.Stages)
	}
	for _, topic := range plan.Topics {
		if strings.Contains(topic.Name, "generator") {
			t.Errorf("topic %s is in the plan", topic.Name)
		}
	}
}

func TestGenerate_Mistakes(t *testing.T) {
	app := api.New("a")
	app.Generate("n", numbers(1)).To("out")
	app.Generate("n", numbers(1)).To("out")
	app.Generate[int64]("none", nil).To("out")
	app.Generate("old", numbers(1), api.StartNewest[int64]()).To("out")
	app.Generate("first", numbers(1), api.Bootstrap[int64]()).To("out")
	app.Generate("n n", numbers(1)).To("out")
	_, err := app.Pipeline().Plan(scheduler.Metadata{}, scheduler.Options{})
	for _, want := range []string{
		`generate_test.go:173: generator "n": the generator at api/generate_test.go:172 has this name already`,
		`generate_test.go:174: generator "none": its sequence is nil`,
		`generate_test.go:175: generator "old": a start is for topics; a generator has no records in the log`,
		`generate_test.go:176: generator "first": Bootstrap is for topics`,
		`generate_test.go:177: generator "n n": name "n n" has ' ' in it`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\nin %v", want, err)
		}
	}
}

// A load test makes its own page views: the same ones each time, so that a restart goes on
// where it was.
func ExampleApp_Generate() {
	views := func(yield func(PageView) bool) {
		random := rand.New(rand.NewPCG(1, 2))
		for at := time.Unix(0, 0); ; at = at.Add(time.Second) {
			if !yield(PageView{User: fmt.Sprintf("user%d", random.IntN(3)), At: at}) {
				return
			}
		}
	}
	app := api.New("load")
	app.Generate("views", views, api.EventTime(func(v PageView) time.Time { return v.At })).
		PartitionBy("by-user", func(v PageView) string { return v.User }).
		Count("views-of").
		To("counts")

	t := apitest.New(exampleTB{}, app)
	t.Generate("views", 5)
	fmt.Println(t.Output[int64]("counts"))
	t.Restart()
	t.Generate("views", 2)
	fmt.Println(t.Output[int64]("counts"))
	t.Crash()
	// Output:
	// [1 1 2 3 1]
	// [2 2]
}
