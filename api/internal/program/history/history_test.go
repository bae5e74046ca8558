package history_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// newJob makes a job whose plan topic is empty.
func newJob(t *testing.T) (*scheduler.Plan, stream.System) {
	t.Helper()
	plan, system := programtest.Stage(t, programtest.Words(), 2)
	if err := system.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: scheduler.RecordTopic("words"), Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	return plan, system
}

func read(t *testing.T, system stream.System) *history.History {
	t.Helper()
	h, err := history.Read(t.Context(), system, "words")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func record(t *testing.T, system stream.System, plan *scheduler.Plan, version string) {
	t.Helper()
	if err := history.Record(t.Context(), system, plan, history.Program{Version: version}); err != nil {
		t.Fatal(err)
	}
}

// versions are the programs of the recorded plans, the newest first.
func versions(h *history.History) string {
	var all []string
	for _, e := range h.Plans {
		all = append(all, fmt.Sprintf("%d %s", e.Number, e.Program.Version))
	}
	return strings.Join(all, ", ")
}

func TestRecord_KeepsTheLastTenPlans(t *testing.T) {
	plan, system := newJob(t)
	for i := range 12 {
		for range 2 { // a restart of the same version
			record(t, system, plan, fmt.Sprintf("v%d", i))
		}
	}
	h := read(t, system)
	if got := versions(h); got != "12 v11, 11 v10, 10 v9, 9 v8, 8 v7, 7 v6, 6 v5, 5 v4, 4 v3, 3 v2" {
		t.Errorf("recorded are %s", got)
	}
	if last, err := h.Last(); err != nil || last.Fingerprint != plan.Fingerprint {
		t.Errorf("the last plan is %+v: %v", last, err)
	}
	record(t, system, plan, "v5")
	if got := versions(read(t, system)); got != "13 v5, 12 v11, 11 v10, 10 v9, 9 v8, 8 v7, 7 v6, 5 v4, 4 v3, 3 v2" {
		t.Errorf("after going back, recorded are %s", got)
	}
}

// Earlier versions recorded one plan, without a number.
func TestRead_PlanOfAnEarlierVersion(t *testing.T) {
	plan, system := newJob(t)
	b, err := plan.JSON()
	if err != nil {
		t.Fatal(err)
	}
	programtest.Produce(t, system, scheduler.RecordTopic("words"), [][3]string{{"0", "plan", string(b)}})
	if last, err := read(t, system).Last(); err != nil || last == nil {
		t.Fatalf("the last plan is %v: %v", last, err)
	}
	record(t, system, plan, "v1")
	if got := versions(read(t, system)); got != "1 v1, 0 " {
		t.Errorf("recorded are %s", got)
	}
}

func TestRead_JobThatHasNeverRun(t *testing.T) {
	_, system := programtest.Stage(t, programtest.Words(), 2)
	h := read(t, system)
	if last, err := h.Last(); err != nil || last != nil || len(h.Renames) > 0 {
		t.Errorf("it has %+v: %v", h, err)
	}
}

// A state has one name at a time, and a rename is undone by renaming back.
func TestRename_KeepsTheStateWhereItIs(t *testing.T) {
	_, system := newJob(t)
	for _, step := range []struct {
		operator scheduler.Node
		name     string
		want     map[string]string
	}{
		{scheduler.Node{Name: "a"}, "b", map[string]string{"b": "a"}},
		{scheduler.Node{Name: "x"}, "y", map[string]string{"b": "a", "y": "x"}},
		{scheduler.Node{Name: "b", KeptAs: "a"}, "c", map[string]string{"c": "a", "y": "x"}},
		{scheduler.Node{Name: "c", KeptAs: "a"}, "a", map[string]string{"y": "x"}},
	} {
		renames := read(t, system).Rename(&step.operator, step.name)
		if !maps.Equal(renames, step.want) {
			t.Fatalf("after renaming %+v to %s: %v", step.operator, step.name, renames)
		}
		if err := history.RecordRenames(t.Context(), system, "words", renames); err != nil {
			t.Fatal(err)
		}
		if got := read(t, system).Renames; !maps.Equal(got, step.want) {
			t.Fatalf("recorded are %v", got)
		}
	}
}

func TestRead_DamagedRecord(t *testing.T) {
	for _, damaged := range [][3]string{{"0", "renames", "{"}, {"0", "plan-3", `{"number":4}`}, {"0", "plan-x", "{}"}} {
		_, system := newJob(t)
		programtest.Produce(t, system, scheduler.RecordTopic("words"), [][3]string{damaged})
		if _, err := history.Read(t.Context(), system, "words"); err == nil || !strings.Contains(err.Error(), damaged[1]) || !strings.Contains(err.Error(), "words-plan") {
			t.Errorf("%v: %v", damaged, err)
		}
	}
}

func TestProgram_Describes(t *testing.T) {
	if p := history.Running(); len(p.SHA256) != 64 {
		t.Errorf("the running program is %+v", p)
	}
	for _, c := range []struct {
		is   history.Program
		want string
	}{
		{history.Program{}, "an unknown program"},
		{history.Program{Version: "(devel)", SHA256: "ab"}, "SHA-256 ab"},
		{history.Program{Version: "v1.2.3", Revision: "abc", Modified: true, SHA256: "ab"}, "version v1.2.3, revision abc with changes, SHA-256 ab"},
	} {
		if got := c.is.String(); got != c.want {
			t.Errorf("%+v is %q", c.is, got)
		}
	}
}
