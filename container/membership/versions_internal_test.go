package membership

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/gretestream/grete/stream"
)

// A versionGroup hands out assignments as a test makes them up, and keeps what its member
// sends.
type versionGroup struct {
	stream.Membership
	events     []stream.GroupEvent
	rejoined   []memberInfo
	owned      [][]stream.TopicPartition
	rebalances int
}

func (g *versionGroup) Poll() (e stream.GroupEvent) {
	if len(g.events) > 0 {
		e, g.events = g.events[0], g.events[1:]
	}
	return e
}

func (g *versionGroup) RequestRebalance() {
	g.rebalances++
	g.events = append(g.events, stream.GroupEvent{Kind: stream.GroupRebalancing})
}

func (g *versionGroup) Rejoin(owned []stream.TopicPartition, data []byte) {
	var info memberInfo
	_ = json.Unmarshal(data, &info)
	g.rejoined, g.owned = append(g.rejoined, info), append(g.owned, owned)
}

// assign assigns tasks to the member in a generation whose leader knows it by this
// compatibility.
func (g *versionGroup) assign(t *testing.T, d assignor, generation int32, compatibility string, tasks ...int32) {
	t.Helper()
	data, err := json.Marshal(assignment{Members: []peer{
		{Producer: "other", Tasks: []int32{0}, Known: 4, Compatibility: "old"},
		{Producer: "p", Tasks: tasks, Known: 4, Compatibility: compatibility},
	}})
	if err != nil {
		t.Fatal(err)
	}
	g.events = append(g.events, stream.GroupEvent{Kind: stream.GroupAssigned, Generation: generation, Member: "p-1", Partitions: d.partitions(tasks), Data: data})
}

func newVersionMember(compatibility string) (*Member, *versionGroup) {
	g, d := &versionGroup{}, assignor{testStage(), 0, "p"}
	return &Member{cfg: Config{Instance: "i", Compatibility: compatibility}, stage: d.stage, producer: "p", group: g, assignor: d, mustRejoin: true}, g
}

// rejoin does what the container does when its member must rejoin.
func rejoin(t *testing.T, m *Member) {
	t.Helper()
	if !m.MustRejoin(false) {
		t.Fatal("the member needn't rejoin")
	}
	if err := m.Rejoin(nil); err != nil {
		t.Fatal(err)
	}
}

// An instance that comes back as another version within its session gets the assignment of
// the old version. It takes nothing of it, and rejoins until the leader has judged it.
func TestMember_ReturnsAsAnotherVersion(t *testing.T) {
	m, g := newVersionMember("new")
	rejoin(t, m)
	for range 2 {
		g.assign(t, m.assignor, 7, "old", 1, 2)
		if got, err := m.Poll(); err != nil || len(got) > 0 {
			t.Fatalf("it takes %+v: %v", got, err)
		}
		if len(m.Tasks()) > 0 || len(m.ToFollow()) > 0 || m.MayCommit() || m.Rebalances() > 0 {
			t.Fatalf("it works on %v before it is judged; may commit: %v", m.Tasks(), m.MayCommit())
		}
		rejoin(t, m)
	}
	if g.rebalances != 2 {
		t.Errorf("it asked for %d rebalances, want one for each assignment", g.rebalances)
	}
	for i, info := range g.rejoined {
		if len(g.owned[i]) > 0 || info.Admitted || info.Compatibility != "new" {
			t.Errorf("rejoin %d claims %v: %+v", i, g.owned[i], info)
		}
	}
	g.assign(t, m.assignor, 8, "new", 2)
	if got, err := m.Poll(); err != nil || len(got) != 1 || !got[0].First || !slices.Equal(m.Tasks(), []int32{2}) || !m.MayCommit() {
		t.Errorf("when it is judged it has %v, by %+v: %v", m.Tasks(), got, err)
	}
}

// The same version goes on with its tasks at once, also if an older Grete leads its group.
func TestMember_ReturnsAsTheSameVersion(t *testing.T) {
	for _, known := range []string{"old", ""} {
		m, g := newVersionMember("old")
		rejoin(t, m)
		g.assign(t, m.assignor, 7, known, 1, 2)
		if got, err := m.Poll(); err != nil || len(got) != 1 || !slices.Equal(m.Tasks(), []int32{1, 2}) || g.rebalances > 0 {
			t.Errorf("known as %q: it has %v by %+v: %v", known, m.Tasks(), got, err)
		}
	}
}

// A member that has tasks and gets the assignment of another version has been replaced. It
// goes back to its last commit.
func TestMember_AnotherVersionReplacesIt(t *testing.T) {
	m, g := newVersionMember("old")
	rejoin(t, m)
	g.assign(t, m.assignor, 7, "old", 1, 2)
	if _, err := m.Poll(); err != nil {
		t.Fatal(err)
	}
	g.assign(t, m.assignor, 8, "new", 1, 2)
	if _, err := m.Poll(); !IsStale(err) || len(m.Tasks()) > 0 || m.MayCommit() {
		t.Errorf("it has %v: %v", m.Tasks(), err)
	}
}

// A refusal is final, and was meant for this version.
func TestMember_Refused(t *testing.T) {
	for _, known := range []string{"new", "old"} {
		m, g := newVersionMember("new")
		rejoin(t, m)
		data, err := json.Marshal(assignment{Refused: "no", Members: []peer{{Producer: "p", Compatibility: known}}})
		if err != nil {
			t.Fatal(err)
		}
		g.events = append(g.events, stream.GroupEvent{Kind: stream.GroupAssigned, Data: data})
		if _, err := m.Poll(); IsRefused(err) != (known == "new") {
			t.Errorf("an assignment for %q: %v", known, err)
		}
	}
}

// A member that returns with another version never stands for the running job, also if it
// comes first, and nobody has a task at that moment.
func TestAssign_ReturningVersionIsNotTheReference(t *testing.T) {
	d := assignor{testStage(), 0, ""}
	for name, owned := range map[string][]stream.TopicPartition{"tasks owned": d.partitions([]int32{0, 1, 2, 3}), "no task owned": nil} {
		_, assignments := assign(t, d,
			member(t, "a", memberInfo{Compatibility: "new"}),
			member(t, "b", memberInfo{Compatibility: "old", Admitted: true}, owned...),
			member(t, "c", memberInfo{Compatibility: "old", Admitted: true}))
		if assignments["a"].Refused == "" || assignments["b"].Refused+assignments["c"].Refused != "" {
			t.Errorf("%s: the assignments are %+v", name, assignments)
		}
	}
	_, assignments := assign(t, d, member(t, "a", memberInfo{Compatibility: "new"}), member(t, "b", memberInfo{Compatibility: "new"}))
	if assignments["a"].Refused+assignments["b"].Refused != "" {
		t.Errorf("a job that starts is refused: %+v", assignments)
	}
}

// A leader that is refused doesn't know the tasks of the running job: everybody keeps what
// they have, until another member leads.
func TestAssign_RefusedLeaderChangesNothing(t *testing.T) {
	running, leader := assignor{testStage(), 0, ""}, assignor{testStage(), 0, "p-a"}
	leader.stage.Tasks, leader.stage.Inputs = 8, append(leader.stage.Inputs, leader.stage.Inputs[0])
	leader.stage.Inputs[2].Topic, leader.stage.Inputs[2].Partitions = "wider", 8
	owned := running.partitions([]int32{0, 1, 3})
	partitions, assignments := assign(t, leader,
		member(t, "a", memberInfo{Producer: "p-a", Compatibility: "new", Tasks: 8}),
		member(t, "b", memberInfo{Producer: "p-b", Compatibility: "old", Admitted: true, Standbys: []int32{2}}, owned...),
		member(t, "c", memberInfo{Producer: "p-c", Compatibility: "old", Admitted: true}))
	if assignments["a"].Refused == "" || len(partitions["a"]) > 0 || len(partitions["c"]) > 0 {
		t.Errorf("the partitions are %v", partitions)
	}
	if !slices.Equal(partitions["b"], owned) || len(assignments["b"].Revoked) > 0 || !slices.Equal(assignments["b"].Standbys, []int32{2}) {
		t.Errorf("the owner gets %v, %+v", partitions["b"], assignments["b"])
	}
}

// Two versions start at the same time, while none runs. The first by name isn't the one by
// which the job ran.
func TestAssign_RecordedVersionIsTheReference(t *testing.T) {
	_, assignments := assign(t, assignor{testStage(), 0, ""},
		member(t, "a", memberInfo{Compatibility: "new"}),
		member(t, "b", memberInfo{Compatibility: "old", Recorded: true}),
		member(t, "c", memberInfo{Compatibility: "old", Recorded: true}))
	if assignments["a"].Refused == "" || assignments["b"].Refused+assignments["c"].Refused != "" {
		t.Errorf("the assignments are %+v", assignments)
	}
}
