package rename

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
)

func planOf(nodes ...scheduler.Node) *scheduler.Plan {
	return &scheduler.Plan{Nodes: nodes, Stages: []scheduler.Stage{{Name: "words"}, {Name: "by-word"}}}
}

func withState(name string) scheduler.Node {
	return scheduler.Node{Kind: "table", Name: name, Stores: []scheduler.StoreSpec{{Layout: "values"}}}
}

// What can't be renamed is refused, with the reason and the way out.
func TestCheck_Refuses(t *testing.T) {
	last := planOf(withState("count"), withState("other"), scheduler.Node{Kind: scheduler.KindRepartition, Name: "by-word"},
		scheduler.Node{Kind: scheduler.KindInput, Name: "logs", Pattern: "logs.*"}, scheduler.Node{Kind: "filter", Name: "valid"}, withState("words"))
	now := planOf(withState("counted"), scheduler.Node{Kind: "filter", Name: "filtered"})
	for names, want := range map[[2]string]string{
		{"count", "count"}:      "both names",
		{"nothing", "counted"}:  "those with state are: count, other, words",
		{"by-word", "counted"}:  "is a PartitionBy",
		{"logs", "counted"}:     "an input with a pattern",
		{"words", "counted"}:    "is a stage",
		{"valid", "filtered"}:   "needs no command",
		{"count", "filtered"}:   "those are: counted",
		{"count", "unknown"}:    "Run rename with the version that has the new name",
		{"counted", "anything"}: "no operator \"counted\"",
	} {
		k := Command{Old: names[0], New: names[1]}
		if _, err := k.check(last, now.Graph()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("rename %v: %v", names, err)
		}
	}
	k := Command{Old: "count", New: "counted"}
	if operator, err := k.check(last, now.Graph()); err != nil || operator.Name != "count" {
		t.Errorf("it finds %+v: %v", operator, err)
	}
	if _, err := k.check(last, planOf(withState("counted"), withState("count")).Graph()); err == nil || !strings.Contains(err.Error(), "give it another name") {
		t.Errorf("the former name is taken: %v", err)
	}
	if _, err := k.check(planOf(withState("count"), withState("counted")), now.Graph()); err == nil || !strings.Contains(err.Error(), "with its own state") {
		t.Errorf("the new name was taken: %v", err)
	}
}
