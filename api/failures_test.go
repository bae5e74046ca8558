package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

// A payment is a record that may fail in many ways.
type payment struct {
	User   string
	Second int64
	Amount float64
	Note   string
}

func paid(user string, second int64, amount float64) payment {
	return payment{User: user, Second: second, Amount: amount}
}

// A moody value can't be encoded once its sum is large.
type moody struct {
	Sum   int64
	Notes string
}

var errMood = errors.New("in a bad mood")

func (m moody) MarshalJSON() ([]byte, error) {
	switch {
	case m.Sum >= 100:
		panic("a very bad mood")
	case m.Sum >= 13:
		return nil, errMood
	}
	return json.Marshal([]any{m.Sum, m.Notes})
}

func (m *moody) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&m.Sum, &m.Notes})
}

// A failure is a kind of failure: a pipeline, and records of ada that fail in it, among
// others of bob that don't.
type failure struct {
	build func(in api.Stream[payment])
	bad   []payment
	good  []payment // of ada
	want  []string  // of output "out", in any order
	skips int
	// names are in the message of the job that stops.
	names []string
	limit int64
	// replays: values have memory of their own, so that the first failure goes back.
	replays bool
}

func sums(in api.Stream[payment]) api.WindowedStream[string, payment] {
	return in.PartitionBy("by-user", func(p payment) string { return p.User }).Window("per-minute", api.Tumbling(time.Minute))
}

func sumText(p api.Pane[string, float64]) string { return fmt.Sprintf("%s %g", p.Key, p.Value) }

func failures() map[string]failure {
	huge := math.MaxFloat64
	return map[string]failure{
		"a window's sum overflows": {
			build: func(in api.Stream[payment]) {
				sums(in).Sum(func(p payment) float64 { return p.Amount }).Map(sumText).To("out")
			},
			bad: []payment{paid("ada", 2, huge), paid("ada", 3, huge)}, good: []payment{paid("ada", 1, huge), paid("ada", 4, -1)},
			want: []string{"ada 1.7976931348623157e+308", "bob 3"}, skips: 2,
			names: []string{"topic test-by-user, partition 0, offset", `window "per-minute" at `, `key "ada"`, "1970-01-01T00:00:00Z", "+Inf"},
		},
		"a table's sum overflows": {
			build: func(in api.Stream[payment]) {
				in.PartitionBy("by-user", func(p payment) string { return p.User }).
					Fold("sum", func(sum float64, p payment) float64 { return sum + p.Amount }).Updates().
					MapWithKey(func(user string, sum float64) string { return fmt.Sprintf("%s %g", user, sum) }).To("out")
			},
			bad: []payment{paid("ada", 2, huge)}, good: []payment{paid("ada", 1, huge)},
			want: []string{"ada 1.7976931348623157e+308", "bob 1", "bob 2", "bob 3"}, skips: 1,
			names: []string{"topic test-by-user, partition 0, offset", `table "sum" at `, `key "ada"`, "+Inf"},
		},
		"an accumulator with a slice has a NaN": {
			build: func(in api.Stream[payment]) {
				sums(in).FoldFrom(func() []float64 { return nil }, func(all []float64, p payment) []float64 {
					if p.Note == "NaN" {
						p.Amount = math.NaN()
					}
					return append(all, p.Amount)
				}).
					Map(func(p api.Pane[string, []float64]) string { return fmt.Sprint(p.Key, " ", len(p.Value)) }).To("out")
			},
			bad: []payment{{User: "ada", Second: 2, Note: "NaN"}}, good: []payment{paid("ada", 1, 1), paid("ada", 4, 1)},
			want: []string{"ada 2", "bob 3"}, skips: 1, replays: true,
			names: []string{"topic test-by-user, partition 0, offset", `window "per-minute" at `, `key "ada"`, "NaN"},
		},
		"an own encoding fails": {
			build: moodySums, bad: []payment{paid("ada", 2, 3)}, good: []payment{paid("ada", 1, 10), paid("ada", 4, 1)},
			want: []string{"ada 11", "bob 3"}, skips: 1,
			names: []string{"topic test-by-user, partition 0, offset 1", `window "per-minute" at `, `key "ada"`, errMood.Error()},
		},
		"an own encoding panics": {
			build: moodySums, bad: []payment{paid("ada", 2, 90)}, good: []payment{paid("ada", 1, 10), paid("ada", 4, 1)},
			want: []string{"ada 11", "bob 3"}, skips: 1,
			names: []string{"topic test-by-user, partition 0, offset 1", `window "per-minute" at `, "a very bad mood"},
		},
		"an output is too large": {
			build: func(in api.Stream[payment]) {
				in.Map(func(p payment) string { return p.User + p.Note + p.Note }).To("out")
			},
			bad: []payment{noted("ada", 2, 1500)}, good: []payment{paid("ada", 1, 1), paid("ada", 4, 1)}, limit: 2000,
			want: []string{"ada", "ada", "bob", "bob", "bob"}, skips: 1,
			names: []string{"topic in, partition 0, offset 1", `output "out" at `, "out/0", "3003 bytes", "at most 2000"},
		},
		"a repartition is too large": {
			build: func(in api.Stream[payment]) {
				doubled := in.Map(func(p payment) payment {
					p.Note += p.Note
					return p
				})
				sums(doubled).Sum(func(p payment) float64 { return p.Amount }).Map(sumText).To("out")
			},
			bad: []payment{noted("ada", 2, 1500)}, good: []payment{paid("ada", 1, 1), paid("ada", 4, 1)}, limit: 2000,
			want: []string{"ada 2", "bob 3"}, skips: 1,
			names: []string{"topic in, partition 0, offset 1", `repartition "by-user" at `, "test-by-user/0", `key "ada"`, "at most 2000"},
		},
		"an entry is too large": {
			build: func(in api.Stream[payment]) {
				sums(in).Fold(func(all string, p payment) string { return all + p.Note }).
					Map(func(p api.Pane[string, string]) string { return fmt.Sprint(p.Key, " ", len(p.Value)) }).To("out")
			},
			bad: []payment{noted("ada", 2, 1300)}, good: []payment{noted("ada", 1, 800), noted("ada", 4, 200)}, limit: 2000,
			want: []string{"ada 1000", "bob 0"}, skips: 1,
			names: []string{"topic test-by-user, partition 0, offset 1", `window "per-minute" at `, `key "ada"`, "2113 bytes", "2000"},
		},
		"a function panics on a pane": {
			build: func(in api.Stream[payment]) {
				sums(in).Sum(func(p payment) float64 { return p.Amount }).Map(func(p api.Pane[string, float64]) string {
					if p.Key == "ada" {
						panic("not ada")
					}
					return sumText(p)
				}).To("out")
			},
			bad: []payment{paid("ada", 2, 1)}, good: []payment{paid("ada", 1, 1)},
			want: []string{"bob 3"}, skips: 1,
			names: []string{"stage by-user, task 0", "map at ", `key "ada" in the window of 1970-01-01T00:00:00Z`, "not ada"},
		},
		"a function panics after it has sent a pane": {
			build: func(in api.Stream[payment]) {
				sums(in).Sum(func(p payment) float64 { return p.Amount }).FlatMap(func(p api.Pane[string, float64]) iter.Seq[string] {
					return func(yield func(string) bool) {
						if yield(sumText(p)) && p.Key == "ada" {
							panic("not ada")
						}
					}
				}).To("out")
			},
			bad: []payment{paid("ada", 2, 1)}, good: []payment{paid("ada", 1, 1)},
			want: []string{"bob 3"}, skips: 1,
			names: []string{"stage by-user, task 0", `key "ada" in the window of 1970-01-01T00:00:00Z`, "not ada"},
		},
		"a pane can't be encoded": {
			build: func(in api.Stream[payment]) {
				moodyPanes := sums(in).Sum(func(p payment) float64 { return p.Amount }).Map(func(p api.Pane[string, float64]) moody { return moody{Sum: int64(p.Value), Notes: p.Key} })
				moodyPanes.To("moods")
				moodyPanes.Map(func(m moody) string { return fmt.Sprint(m.Notes, " ", m.Sum) }).To("out")
			},
			bad: []payment{paid("ada", 2, 12)}, good: []payment{paid("ada", 1, 1)},
			want: []string{"bob 3"}, skips: 1,
			names: []string{"stage by-user, task 0", `output "moods" at `, `key "ada" in the window of 1970-01-01T00:00:00Z`, errMood.Error()},
		},
	}
}

// moodySums sums amounts in values that can't always be encoded.
func moodySums(in api.Stream[payment]) {
	sums(in).Fold(func(m moody, p payment) moody { return moody{Sum: m.Sum + int64(p.Amount)} }).
		Map(func(p api.Pane[string, moody]) string { return fmt.Sprint(p.Key, " ", p.Value.Sum) }).To("out")
}

func noted(user string, second int64, length int) payment {
	return payment{User: user, Second: second, Amount: 1, Note: strings.Repeat("x", length)}
}

func TestFailures(t *testing.T) {
	for name, f := range failures() {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/skip/restart %v", name, restart), func(t *testing.T) { f.testSkip(t, restart) })
		}
		t.Run(name+"/fail", f.testFail)
	}
}

func (f failure) app(p api.ErrorPolicy) *api.App {
	app := api.New("test")
	f.build(app.From("in", api.EventTime(func(p payment) time.Time { return time.Unix(p.Second, 0) }).Disorder(time.Minute), api.OnError[payment](p)))
	return app
}

// testSkip tests that only the bad records are missing from the results.
func (f failure) testSkip(t *testing.T, restart bool) {
	x := apitest.New(t, f.app(api.Skip()), apitest.Options{MaxRecordBytes: f.limit})
	x.Send("in", f.good[:1]...)
	for _, r := range slices.Concat(f.bad, f.good[1:]) {
		x.Send("in", r)
		if restart {
			x.Wait(time.Second)
			x.Restart()
		}
	}
	for range 3 {
		x.Send("in", paid("bob", 5, 1))
	}
	x.End()
	got := x.Output[string]("out")
	slices.Sort(got)
	if !slices.Equal(got, f.want) {
		t.Errorf("got %q, want %q", got, f.want)
	}
	if why := x.Skipped(); len(why) != f.skips {
		t.Errorf("skipped: %q", why)
	}
	if n := x.Replays(); n > 0 != f.replays {
		t.Errorf("%d replays", n)
	}
}

// testFail tests that the job stops, again at each start, and says where.
func (f failure) testFail(t *testing.T) {
	text := failureOf(t, func(tb testing.TB) {
		x := apitest.New(tb, f.app(api.Fail()), apitest.Options{MaxRecordBytes: f.limit})
		x.Send("in", f.good[:1]...)
		x.Send("in", f.bad...)
		x.End()
		x.Output[string]("out")
	})
	for _, name := range f.names {
		if !strings.Contains(text, name) {
			t.Errorf("%q isn't in the message: %s", name, text)
		}
	}
}

// failureOf returns why a test fails.
func failureOf(t *testing.T, test func(testing.TB)) string {
	f := &failingTB{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(f)
	}()
	<-done
	if f.why == "" {
		t.Fatal("nothing fails")
	}
	return f.why
}

type failingTB struct {
	testing.TB
	why string
}

func (f *failingTB) Fatal(args ...any) {
	f.why = fmt.Sprint(args...)
	runtime.Goexit()
}

func (f *failingTB) Cleanup(func()) {}

// Keys of a keyed input are decoded when something needs them: here when windows close.
func TestFailures_KeyOfPaneCantBeDecoded(t *testing.T) {
	app := func(p api.ErrorPolicy) *api.App {
		app := api.New("test")
		app.FromKeyed[int64]("in", eventTime(), api.OnError[view](p)).Window("per-minute", api.Tumbling(time.Minute)).Count().
			Map(func(p api.Pane[int64, int64]) string { return fmt.Sprint(p.Key, " ", p.Value) }).To("out")
		return app
	}
	send := func(x *apitest.Test) {
		x.SendKeyed("in", "key", on("", 1))
		x.SendKeyed("in", int64(42), on("", 1))
		x.SendKeyed("in", "more", on("", 1))
		x.SendKeyed("in", int64(42), on("", 2))
		x.Wait(time.Second)
		x.Restart()
		x.End()
	}
	x := apitest.New(t, app(api.Skip()))
	send(x)
	x.Expect("out", "42 2")
	if why := x.Skipped(); len(why) != 2 {
		t.Errorf("skipped: %q", why)
	}
	text := failureOf(t, func(tb testing.TB) { send(apitest.New(tb, app(api.Fail()))) })
	for _, name := range []string{"stage in, task 0", `window "per-minute" at `, `key "key" in the window of 2014-05-13T00:00:00Z`} {
		if !strings.Contains(text, name) {
			t.Errorf("%q isn't in the message: %s", name, text)
		}
	}
}

// An unreadable value is encoded like others, and can't be decoded if it is 13.
type unreadable int64

func (u unreadable) MarshalJSON() ([]byte, error) { return json.Marshal(int64(u)) }

func (u *unreadable) UnmarshalJSON(b []byte) error {
	if string(b) == "13" {
		return errMood
	}
	return json.Unmarshal(b, (*int64)(u))
}

func TestFailures_StoredValueCantBeDecoded(t *testing.T) {
	app := func(p api.ErrorPolicy) *api.App {
		app := api.New("test")
		keyed := app.From("in", api.EventTime(func(p payment) time.Time { return time.Unix(p.Second, 0) }), api.OnError[payment](p)).
			PartitionBy("by-user", func(p payment) string { return p.User })
		add := func(u unreadable, p payment) unreadable { return u + unreadable(p.Amount) }
		keyed.Window("per-minute", api.Tumbling(time.Minute)).Fold(add).
			Map(func(p api.Pane[string, unreadable]) string { return fmt.Sprint(p.Key, " ", int64(p.Value)) }).To("out")
		return app
	}
	send := func(x *apitest.Test) {
		x.Send("in", paid("ada", 1, 13), paid("bob", 1, 1), paid("cid", 1, 1))
		x.Wait(time.Second)
		x.Restart()
		x.Send("in", paid("ada", 2, 1), paid("bob", 2, 1))
		x.End()
	}
	x := apitest.New(t, app(api.Skip()))
	send(x)
	x.Expect("out", "bob 2", "cid 1")
	if why := x.Skipped(); len(why) != 2 { // the second record, and the pane
		t.Errorf("skipped: %q", why)
	}
	text := failureOf(t, func(tb testing.TB) { send(apitest.New(tb, app(api.Fail()))) })
	for _, name := range []string{"topic test-by-user, partition 0, offset", `window "per-minute" at `, `key "ada" in the window of 1970-01-01T00:00:00Z`, "can't be decoded"} {
		if !strings.Contains(text, name) {
			t.Errorf("%q isn't in the message: %s", name, text)
		}
	}
}

func TestFailures_ResultOfCombineLatest(t *testing.T) {
	app := func(p api.ErrorPolicy) *api.App {
		app := api.New("test")
		left := app.FromKeyed[string]("left", api.OnError[int64](p))
		right := app.FromKeyed[string]("right", api.OnError[int64](p))
		left.CombineLatest("both", right, time.Second, func(l, r *int64) string {
			if l != nil && *l == 13 {
				panic("unlucky")
			}
			if l == nil {
				return "no left"
			}
			return fmt.Sprint(*l)
		}).To("out")
		return app
	}
	send := func(x *apitest.Test) {
		x.SendKeyed("left", "ada", int64(13))
		x.SendKeyed("left", "bob", int64(2))
		x.SendKeyed("left", "cid", int64(3))
		x.Wait(2 * time.Second)
		x.Wait(2 * time.Second)
		x.SendKeyed("left", "ada", int64(1))
		x.Wait(2 * time.Second)
		x.Wait(2 * time.Second)
	}
	x := apitest.New(t, app(api.Skip()))
	send(x)
	x.Expect("out", "2", "3", "1")
	if why := x.Skipped(); len(why) != 1 {
		t.Errorf("skipped: %q", why)
	}
	text := failureOf(t, func(tb testing.TB) { send(apitest.New(tb, app(api.Fail()))) })
	for _, name := range []string{"task 0", `key "ada"`, "unlucky"} {
		if !strings.Contains(text, name) {
			t.Errorf("%q isn't in the message: %s", name, text)
		}
	}
}
