package compare

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

var update = flag.Bool("update", false, "write the golden files again")

// A version is a pipeline and the world that it is planned in.
type version struct {
	scheduler.Graph
	topics     map[string]int32
	containers int
}

// shop counts views by user twice, keeps users, and copies errors from logs.
func shop() *version {
	r := graphtest.New("shop")
	byUser := r.PartitionBy(r.Step(r.Input("views"), graphtest.KindFilter), "by-user")
	r.Output(r.Window(byUser, "per-minute"), "per-user")
	r.Output(r.Table(byUser, "total"), "totals")
	r.Output(r.Table(r.Input("users"), "known"), "seen-users")
	errors := r.Step(r.Matching("logs", "logs-.*"), graphtest.KindFilter)
	r.Output(errors, "errors")
	r.Output(r.Step(r.PartitionBy(errors, "by-host"), graphtest.KindMap), "hosts")
	return &version{r.Graph, graphtest.Exist("views", 4, "users", 4, "logs-eu", 2, "logs-us", 2).Partitions, 1}
}

func (v *version) plan(t *testing.T) *scheduler.Plan {
	t.Helper()
	return graphtest.MustBuild(t, v.Graph, scheduler.Metadata{Partitions: v.topics}, scheduler.Options{Containers: v.containers})
}

// node finds a node by its name or topic.
func (v *version) node(name string) *scheduler.Node {
	return &v.Nodes[slices.IndexFunc(v.Nodes, func(n scheduler.Node) bool { return n.Name == name || n.Topic == name })]
}

// put inserts a node in front of another one.
func (v *version) put(before string, n scheduler.Node) {
	to := v.node(before).ID
	v.Graph = graphtest.Insert(v.Graph, to)
	n.ID, n.From = to, v.Nodes[to].From
	v.Nodes[to] = n
}

// merge adds the records of another topic to the input of a node.
func (v *version) merge(before, topic string, partitions int32) {
	v.put(before, scheduler.Node{Kind: graphtest.KindMerge})
	to := v.node(before).From[0].Node
	v.Graph = graphtest.Insert(v.Graph, to)
	merge := &v.Nodes[to+1]
	merge.From = append(v.Nodes[to].From, graphtest.Edges(to)...)
	v.Nodes[to] = scheduler.Node{ID: to, Kind: scheduler.KindInput, Topic: topic, Value: "json(main.V)"}
	v.topics[topic] = partitions
}

// branch adds a pipeline beside the others.
func (v *version) branch(record func(r *graphtest.Recorder)) {
	r := graphtest.Recorder{Graph: v.Graph}
	record(&r)
	v.Graph = r.Graph
}

func (v *version) partitionBy(before, name string) {
	v.put(before, scheduler.Node{Kind: scheduler.KindRepartition, Name: name, Key: "string", Value: "json(main.V)"})
}

func (v *version) stateless(name string) {
	n := v.node(name)
	n.Kind, n.Stores = graphtest.KindMap, nil
}

func (ch Change) brief() string {
	text := fmt.Sprintf("%s %s", ch.Subject, ch.Name)
	if ch.Stage != "" && ch.Subject != SubjectOperators {
		text += " of " + ch.Stage
	}
	return fmt.Sprintf("%s: %s => %s", text, ch.From, ch.To)
}

func TestPlans_OneChange(t *testing.T) {
	old := shop().plan(t)
	for _, table := range []map[string]edit{sideBySide(), oneAfterTheOther(), refused()} {
		for name, tt := range table {
			t.Run(name, func(t *testing.T) {
				v := shop()
				tt.change(v)
				now := v.plan(t)
				got := Plans(old, now)
				ok := got.Kind == tt.kind && len(got.Changes) == len(tt.changes)
				for i, ch := range got.Changes {
					ok = ok && strings.HasPrefix(ch.brief(), tt.changes[i])
				}
				if !ok {
					t.Errorf("want %s, %q; got\n%s", tt.kind, tt.changes, got.Text())
					for _, ch := range got.Changes {
						t.Logf("%q", ch.brief())
					}
				}
				if same := old.Fingerprint == now.Fingerprint; same == got.Kind.worse(Compatible) {
					t.Errorf("equal fingerprints: %t", same)
				}
			})
		}
	}
}

// An input may grow while it feeds no store. Once it feeds one, it may not.
func TestPlans_InputStartsToFeedAStore(t *testing.T) {
	old, now := shop(), shop()
	old.merge("seen-users", "orders", 4)
	now.merge("known", "orders", 4)
	for _, tt := range []struct {
		old, now *version
		want     string
	}{
		{old, now, "input orders of users: feeds no store => feeds a store"},
		{now, old, "input orders of users: feeds a store => feeds no store"},
	} {
		v := Plans(tt.old.plan(t), tt.now.plan(t))
		if v.Kind != Restart || len(v.Changes) != 1 || v.Changes[0].brief() != tt.want {
			t.Errorf("want %s; got\n%s", tt.want, v.Text())
		}
	}
}

// If several stores may have been renamed, each is reported once.
func TestPlans_PairsRenamedStoresInOrder(t *testing.T) {
	old, now := shop(), shop()
	old.branch(func(r *graphtest.Recorder) { r.Table(2, "second") })
	now.branch(func(r *graphtest.Recorder) { r.Table(2, "two") })
	now.node("total").Name = "one"
	v := Plans(old.plan(t), now.plan(t))
	if len(v.Changes) != 2 || v.Changes[0].brief() != "store one of by-user: total => one" || v.Changes[1].brief() != "store two of by-user: second => two" {
		t.Errorf("got\n%s", v.Text())
	}
}

// The verdict names topics that won't be read as before, so that a caller can check
// whether they are empty.
func TestPlans_ListsTopicsToDrain(t *testing.T) {
	tests := map[string]struct {
		change func(v *version)
		want   []string
	}{
		"renamed":        {func(v *version) { v.node("by-host").Name = "by-machine" }, []string{"shop-by-host"}},
		"other serde":    {func(v *version) { v.node("by-user").Value = "string" }, []string{"shop-by-user"}},
		"planned away":   {func(v *version) { v.node("by-host").SameKey = true }, []string{"shop-by-host"}},
		"another writer": {func(v *version) { v.partitionBy("by-user", "by-page") }, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			now := shop()
			tt.change(now)
			v := Plans(shop().plan(t), now.plan(t))
			if v.Kind != Restart || !slices.Equal(v.Drain, tt.want) {
				t.Errorf("drains %q; want %q\n%s", v.Drain, tt.want, v.Text())
			}
		})
	}
}

func TestPlans_ListsStoresToRestore(t *testing.T) {
	now := shop()
	now.stateless("total")
	now.branch(func(r *graphtest.Recorder) { r.Table(2, "more") })
	v := Plans(shop().plan(t), now.plan(t))
	want := []Restore{{Stage: "by-user", Store: "per-minute", Changelog: "shop-per-minute-changelog"}, {Stage: "users", Store: "known", Changelog: "shop-known-changelog"}}
	if v.Kind != Incompatible || v.Restores != nil { // it seems to be renamed
		t.Errorf("%s", v.Text())
	}
	now.node("more").Stores[0].Value = "string"
	if v = Plans(shop().plan(t), now.plan(t)); !slices.Equal(v.Restores, want) {
		t.Errorf("got %v, want %v", v.Restores, want)
	}
}

func TestVerdict_Text(t *testing.T) {
	golds := map[string][]string{
		"same":         {"nothing"},
		"compatible":   {"operator inserted", "grace"},
		"restart":      {"store removed", "output renamed", "operator inserted"},
		"drain":        {"stateless repartition renamed"},
		"incompatible": {"window size", "stateful grown", "output renamed"},
		"renamed":      {"store renamed", "only store renamed"},
		"split":        {"split before a store"},
		"stage":        {"repartition renamed"},
	}
	for name, changes := range golds {
		t.Run(name, func(t *testing.T) {
			now := shop()
			for _, change := range changes {
				for _, table := range []map[string]edit{sideBySide(), oneAfterTheOther(), refused()} {
					if r, ok := table[change]; ok {
						r.change(now)
					}
				}
			}
			v := Plans(shop().plan(t), now.plan(t))
			for i := range v.Restores {
				v.Restores[i].Bytes = int64(i) << 30 // as a caller may
			}
			graphtest.Golden(t, *update, "verdict-"+name+".txt", []byte(v.Text()))
		})
	}
}
