package op_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/scheduler"
)

func TestTable_TombstonesDelete(t *testing.T) {
	app := api.New("users")
	users := app.Table[string, string]("users")
	users.To("out")
	users.Updates().To("updates")
	api.Changes(users).Map(showChange).To("changes")
	x := apitest.New(t, app)
	x.SendKeyed("users", "ada", "1")
	x.SendTombstone("users", "bob")
	x.SendKeyed("users", "ada", "2")
	expectRows[string](t, x, "out", "ada 1", "ada 2")
	x.Restart()
	x.SendTombstone("users", "ada")
	x.SendTombstone("users", "ada")
	x.SendKeyed("users", "ada", "")
	expectRows[string](t, x, "out", "ada deleted", "ada ")
	x.Expect("updates", "1", "2", "")
	x.Expect("changes", "none -> 1", "1 -> 2", "2 -> none", "none -> ")
}

// A record without a key isn't a row, and a tombstone may be forbidden.
func TestTable_SkipsWhatIsNoRow(t *testing.T) {
	app := api.New("users")
	app.Table[string, string]("users", api.OnError[string](api.Skip()), api.OnTombstone[string](api.Fail())).To("out")
	x := apitest.New(t, app)
	x.Send("users", "nobody")
	x.SendKeyed("users", "ada", "1")
	x.SendTombstone("users", "ada")
	expectRows[string](t, x, "out", "ada 1")
}

func TestTable_ReportsMistakes(t *testing.T) {
	app := api.New("users")
	app.Table[string, string]("us/ers")
	app.Table[string, string]("users").To("out")
	app.Table[string, string]("users", api.TTL[string](0))
	app.Table[string, string]("others", api.TTL[string](1))
	_, err := app.Pipeline().Graph()
	for _, want := range []string{
		`table_input_test.go:49: table "us/ers"`, `table_input_test.go:51: table "users": the table at op/table_input_test.go:50 has this name already`,
		`table_input_test.go:51: table "users": the TTL 0s is shorter than a millisecond`, `table_input_test.go:52: table "others": the TTL 1ns is shorter than a millisecond`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\ngot %v", want, err)
		}
	}
}

// A table reads its topic first; NoBootstrap leaves that to event time.
func TestTable_Bootstraps(t *testing.T) {
	for _, bootstraps := range []bool{true, false} {
		app := api.New("users")
		var opts []api.TableOption[string]
		if !bootstraps {
			opts = append(opts, api.NoBootstrap[string]())
		}
		app.Table[string, string]("users", opts...)
		plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"users": 1}}, scheduler.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.Stages[0].Inputs[0].Bootstrap; got != bootstraps {
			t.Errorf("bootstrap: %v, want %v", got, bootstraps)
		}
	}
}

// A follower applies the changes of a table, and finds those that can't be right.
type follower map[string]string

func (f follower) apply(t *testing.T, key string, c api.Change[string]) {
	t.Helper()
	was, existed := f[key]
	if existed != (c.Old != nil) || existed && *c.Old != was {
		t.Fatalf("key %s: %s comes after %q (%v)", key, showChange(c), was, existed)
	}
	if delete(f, key); c.New != nil {
		f[key] = *c.New
	}
}

// A shownChange is a change as a record of an output.
type shownChange struct {
	Key      string
	Old, New *string
}

// The changes of a table, applied in order, give the table, whatever crashes: each Old is
// the New before it. Written to a topic, the rows and tombstones give the same.
func TestTable_MatchesModel(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			app := api.New("model")
			table := app.Table[string, string]("in").Filter(func(v string) bool { return v < "7" }).MapValues(func(v string) string { return v + "!" })
			table.To("rows")
			api.Changes(table).MapWithKey(func(k string, c api.Change[string]) shownChange {
				return shownChange{k, clone(c.Old), clone(c.New)}
			}).To("changes")
			x := apitest.New(t, app, apitest.Options{Partitions: 1 + rnd.Int32N(4), Containers: 1 + rnd.IntN(3)})
			want, changed, written := follower{}, follower{}, follower{}
			collect := func() {
				for _, c := range x.Output[shownChange]("changes") {
					changed.apply(t, c.Key, api.Change[string]{Old: c.Old, New: c.New})
				}
				for _, r := range x.OutputKeyed[string, string]("rows") {
					if delete(written, r.Key); r.Value != nil {
						written[r.Key] = *r.Value
					}
				}
			}
			for range rnd.IntN(120) {
				key := "k" + strconv.Itoa(rnd.IntN(6))
				if value := rnd.IntN(12); value < 10 {
					x.SendKeyed("in", key, strconv.Itoa(value))
					if delete(want, key); value < 7 {
						want[key] = strconv.Itoa(value) + "!"
					}
				} else {
					x.SendTombstone("in", key)
					delete(want, key)
				}
				switch rnd.IntN(12) {
				case 0:
					x.Crash()
					x.Restart()
				case 1:
					collect()
				}
			}
			collect()
			for name, got := range map[string]follower{"changes": changed, "rows": written} {
				if !maps.Equal(got, want) {
					t.Errorf("%s give %v\nwant %v", name, got, want)
				}
			}
		})
	}
}

func clone[V any](v *V) *V {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}
