package api

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream"
)

func (s *staged) stable(group string, members ...stream.MemberState) {
	s.groups[group] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: members}
	}
}

func statusText(t *testing.T, r *remote) (*jobStatus, string) {
	t.Helper()
	status, err := r.status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := status.write(&b); err != nil {
		t.Fatal(err)
	}
	return status, b.String()
}

func TestStatusOfAJobThatNobodyRuns(t *testing.T) {
	r, s := stageJob(t, words(), 2)
	put(t, s.System, "words", 3, stream.GroupOffsets{})
	status, text := statusText(t, r)
	want := "words on Kafka, cluster " + s.ID() + ": nobody runs it\n\n" +
		"stage words: nobody runs it, 2 tasks, lag 3 records (nothing is committed of 2 partitions)\n\n" +
		"stage by-word: nobody runs it, 2 tasks, lag 0 records (nothing is committed of 2 partitions)\n"
	if text != want || status.Running {
		t.Errorf("it says\n%s", text)
	}
	if got := status.Stages[0]; !reflect.DeepEqual(got.Nobody, []int32{0, 1}) || got.State != "empty" || got.Members == nil {
		t.Errorf("a stage is %+v", got)
	}
}

func TestStatusOfARunningJob(t *testing.T) {
	r, s := stageJob(t, words(), 8)
	put(t, s.System, "words", 5, stream.GroupOffsets{Group: "words-words", Positions: []stream.Position{{TopicPartition: stream.TopicPartition{Topic: "words"}, Offset: 1}}})
	s.stable("words-words",
		stagedMember(t, "a-0", "words", []int32{0, 1, 2, 7}, map[string]any{"host": "one", "address": "one:80", "compatibility": r.plan.Fingerprint}, map[string]any{"standbys": []int{3}}),
		stagedMember(t, "b-0", "words", []int32{3}, map[string]any{"host": "two", "compatibility": "other"}, map[string]any{"coming": []int{4}, "standbys": []int{0, 1}}),
		stagedMember(t, "c-0", "words", nil, nil, map[string]any{"refused": "it doesn't fit"}),
	)
	s.groups["words-by-word"] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsRebalancing, ProtocolType: "consumer", Members: []stream.MemberState{{ID: "a-0-1", Instance: "a-0", Host: "10.0.0.9"}}}
	}
	status, text := statusText(t, r)
	for _, line := range []string{
		": running\n",
		"stage words: 3 members, 8 tasks, lag 4 records (nothing is committed of 7 partitions)\n",
		"  INSTANCE  HOST      ADDRESS  TASKS   TAKING OVER  STANDBYS\n",
		"  a-0       one       one:80   0-2, 7  -            3\n",
		"  b-0       two       -        3       4            0-1\n",
		"  c-0       10.0.0.9  -        -       -            -\n",
		"  nobody has: 5-6\n",
		"  b-0 runs another version: its plan is other",
		"  c-0 is refused: it doesn't fit\n",
		"stage by-word: rebalancing, 1 member, 8 tasks",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q isn't in\n%s", line, text)
		}
	}
	if strings.Contains(text, "a-0 runs another") || strings.Count(text, "nobody has") != 1 {
		t.Errorf("too much is said:\n%s", text)
	}
	if got := status.Stages[0]; *got.Lag != 4 || got.State != "stable" || !reflect.DeepEqual(got.Members[1].TakingOver, []int32{4}) || !status.Running {
		t.Errorf("a stage is %+v", got)
	}
}

func TestStatusSaysWhoElseUsesAGroup(t *testing.T) {
	r, s := stageJob(t, words(), 1)
	s.groups["words-words"] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "range", Members: []stream.MemberState{{ID: "java-1", Host: "10.0.0.9"}}}
	}
	status, text := statusText(t, r)
	if !strings.Contains(text, "stage words: another kind of client (range) uses its group words-words, 1 task") || !strings.Contains(text, "java-1") || status.Running {
		t.Errorf("it says\n%s", text)
	}
}

func TestStatusNeedsACluster(t *testing.T) {
	runMain(t.Context(), words(), "status").failed(t, "no -kafka HOST:PORT", "embedded log", "-http")
}
