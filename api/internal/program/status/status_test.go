package status

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/stream"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file, or writes the file with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it. Got:\n%s", file, got)
	}
}

func staged(t *testing.T, partitions int32) (*remote.Job, *programtest.Staged) {
	plan, s := programtest.Stage(t, programtest.Words(), partitions)
	return &remote.Job{Plan: plan, System: s, Group: s}, s
}

func statusText(t *testing.T, r *remote.Job) (*model.Job, string) {
	t.Helper()
	status, err := Of(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := write(&b, status, r.Plan); err != nil {
		t.Fatal(err)
	}
	return status, b.String()
}

func TestStatus_OfStoppedJob(t *testing.T) {
	r, s := staged(t, 2)
	programtest.Put(t, s.System, "words", 3, stream.GroupOffsets{})
	status, text := statusText(t, r)
	want := "words on Kafka, cluster " + s.ID() + ": not running\n\n" +
		"stage words: not running, 2 tasks, lag 3 records (2 partitions without a commit)\n\n" +
		"stage by-word: not running, 2 tasks, lag 0 records (2 partitions without a commit)\n"
	if text != want || status.Running {
		t.Errorf("it says\n%s", text)
	}
	if got := status.Stages[0]; !reflect.DeepEqual(got.Nobody, []int32{0, 1}) || got.State != "empty" || got.Members == nil {
		t.Errorf("a stage is %+v", got)
	}
}

// running is a job of two stages, one of which is rebalancing.
func running(t *testing.T) *remote.Job {
	t.Helper()
	r, s := staged(t, 8)
	programtest.Put(t, s.System, "words", 5, stream.GroupOffsets{Group: "words-words", Positions: []stream.Position{{TopicPartition: stream.TopicPartition{Topic: "words"}, Offset: 1}}})
	s.Stable("words-words",
		programtest.Member(t, "a-0", "words", []int32{0, 1, 2, 7}, map[string]any{"host": "one", "address": "one:80", "compatibility": r.Plan.Fingerprint}, map[string]any{"standbys": []int{3}}),
		programtest.Member(t, "b-0", "words", []int32{3}, map[string]any{"host": "two", "compatibility": "other"}, map[string]any{"coming": []int{4}, "standbys": []int{0, 1}}),
		programtest.Member(t, "c-0", "words", nil, nil, map[string]any{"refused": "it doesn't fit"}),
	)
	s.Groups["words-by-word"] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsRebalancing, ProtocolType: "consumer", Members: []stream.MemberState{{ID: "a-0-1", Instance: "a-0", Host: "10.0.0.9"}}}
	}
	return r
}

func TestStatus_OfRunningJob(t *testing.T) {
	status, text := statusText(t, running(t))
	for _, line := range []string{
		": running\n",
		"stage words: 3 members, 8 tasks, lag 4 records (7 partitions without a commit)\n",
		"  INSTANCE  HOST      ADDRESS  TASKS   TAKING OVER  STANDBYS\n",
		"  a-0       one       one:80   0-2, 7  -            3\n",
		"  b-0       two       -        3       4            0-1\n",
		"  c-0       10.0.0.9  -        -       -            -\n",
		"  unassigned: 5-6\n",
		"  b-0 runs another version: its plan is other",
		"  c-0 is refused: it doesn't fit\n",
		"stage by-word: rebalancing, 1 member, 8 tasks",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q isn't in\n%s", line, text)
		}
	}
	if strings.Contains(text, "a-0 runs another") || strings.Count(text, "unassigned") != 1 {
		t.Errorf("the status has too many lines:\n%s", text)
	}
	if got := status.Stages[0]; *got.Lag != 4 || got.State != "stable" || !reflect.DeepEqual(got.Members[1].TakingOver, []int32{4}) || !status.Running {
		t.Errorf("a stage is %+v", got)
	}
}

// The JSON is what status -json prints: the shape of GET /api/v1/job.
func TestStatus_JSON(t *testing.T) {
	status, err := Of(t.Context(), running(t))
	if err != nil {
		t.Fatal(err)
	}
	if status.Cluster == "" || status.At == 0 || status.PlanVersion == 0 {
		t.Errorf("the job is %+v, want its cluster, plan version and time", status)
	}
	addNomad(status, onNomad(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)))
	status.Cluster, status.Process = "cluster", model.Process{
		Fingerprint: "5f2c", PlanVersion: 2, Program: model.Program{Version: "v0.1.0"}, At: 1777896000000,
	}
	b, err := json.MarshalIndent(status, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/status.json", string(b)+"\n")
}

func TestStatus_NamesForeignClient(t *testing.T) {
	r, s := staged(t, 1)
	s.Groups["words-words"] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "range", Members: []stream.MemberState{{ID: "java-1", Host: "10.0.0.9"}}}
	}
	status, text := statusText(t, r)
	if !strings.Contains(text, "stage words: its group words-words is used by another client (range), 1 task") || !strings.Contains(text, "java-1") || status.Running {
		t.Errorf("it says\n%s", text)
	}
}

func TestStatus_NeedsCluster(t *testing.T) {
	programtest.Run(t.Context(), programtest.Words(), []any{&Commands{}}, "status").Failed(t, "add -kafka HOST:PORT", "embedded log", "-http")
}

// Containers on Nomad are shown with the members at their addresses.
func TestStatus_OnNomad(t *testing.T) {
	r, s := staged(t, 2)
	for _, group := range []string{"words-words", "words-by-word"} {
		s.Stable(group, programtest.Member(t, "a-0", group, []int32{0, 1}, map[string]any{"host": "one", "address": "one:80", "compatibility": r.Plan.Fingerprint}, nil))
	}
	status, err := Of(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	addNomad(status, onNomad(time.Now()))
	var b strings.Builder
	if err := write(&b, status, r.Plan); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"on Nomad: job words in namespace default, version 3: running\ndeployment of version 3: running, it goes on\n",
		"  on Nomad, 1 container wanted:\n",
		"  CONTAINER  ALLOC     NODE  STATE    FOR     RESTARTS  INSTANCE  LAST EVENT\n",
		"  words[0]   01234567  n1    running  1h0m0s  2         a-0       Started: Task started by client\n",
		"  on Nomad, 2 containers wanted:\n",
		"  by-word[0]  x      -     pending  0s   0         -         Terminated: Exit Code: 1\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("%q isn't in\n%s", line, b.String())
		}
	}
}

// onNomad is a job on Nomad, at a time.
func onNomad(now time.Time) *Nomad {
	return &Nomad{Nomad: model.Nomad{
		Job: "words", Namespace: "default", State: "running", Version: 3, Deployment: "of version 3: running, it goes on"},
		Stages: []NomadStage{
			{Stage: "words", Wanted: 1, Containers: []model.Container{
				{Address: "one:80", Allocation: &model.Allocation{Name: "words[0]", Alloc: "0123456789", Node: "n1", State: "running", Since: now.Add(-time.Hour), Restarts: 2, Event: "Started: Task started by client"}},
			}},
			{Stage: "by-word", Wanted: 2, Containers: []model.Container{{Allocation: &model.Allocation{Name: "by-word[0]", Alloc: "x", State: "pending", Since: now, Event: "Terminated: Exit Code: 1"}}}},
			{Stage: "of another version", Wanted: 1},
		},
	}
}
