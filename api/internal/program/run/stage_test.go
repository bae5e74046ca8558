package run

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// stageJob is a process of one stage, on a system whose groups a test has made up.
func stageJob(t *testing.T, stage string) (*connection, *job, *programtest.Staged) {
	t.Helper()
	plan, s := programtest.Stage(t, programtest.Words(), 2)
	words := programtest.Words()
	graph, err := words.Graph()
	if err != nil {
		t.Fatal(err)
	}
	set := &settings{Command: Command{Stage: stage, Containers: 1}, pipeline: words, graph: graph}
	conn := &connection{settings: set, system: s}
	return conn, &job{connection: conn, plan: plan}, s
}

func TestStage_RunsOnlyItsContainers(t *testing.T) {
	conn, _, _ := stageJob(t, "by-word")
	j, err := conn.plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mine := j.stages(j.plan)
	if len(j.plan.Stages) != 2 || len(mine) != 1 || mine[0].Name != "by-word" {
		t.Errorf("it runs %v", mine)
	}
	a := newAdmission(mine)
	a.admit("by-word")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if !a.wait(over) {
		t.Error("the admission waits for a stage that the process doesn't run")
	}
}

func TestStage_Unknown(t *testing.T) {
	conn, _, _ := stageJob(t, "other")
	_, err := conn.plan(t.Context())
	if !errors.Is(err, program.ErrUsage) || !strings.Contains(err.Error(), `-stage: there is no stage "other"; the stages are: words, by-word`) {
		t.Errorf("got %v", err)
	}
}

// A process of one stage is in no other stage's group, which would refuse it: it checks
// the members itself.
func TestStage_BesideAnotherPlan(t *testing.T) {
	for name, test := range map[string]struct {
		group string
		says  map[string]any
		wants string // in the refusal; "": there is none
	}{
		"the same plan":                 {"words-words", map[string]any{"compatibility": "same"}, ""},
		"one that says nothing":         {"words-words", nil, ""},
		"its own group":                 {"words-by-word", map[string]any{"compatibility": "other"}, ""},
		"another plan":                  {"words-words", map[string]any{"compatibility": "other", "host": "h"}, "stage words at a-0 (h) is other, not "},
		"of a stage that there was":     {"words-former", map[string]any{"compatibility": "other"}, "stage former at a-0 is other, not "},
		"of a stage that was never its": {"words-strange", map[string]any{"compatibility": "other"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, j, s := stageJob(t, "by-word")
			inputs := []scheduler.Input{{Topic: "words", Partitions: 1}}
			j.last = &scheduler.Plan{Stages: []scheduler.Stage{
				{Name: "words", Group: "words-words", Tasks: 1, Inputs: inputs}, {Name: "former", Group: "words-former", Tasks: 1, Inputs: inputs},
			}}
			if test.says["compatibility"] == "same" {
				test.says["compatibility"] = j.plan.Fingerprint
			}
			s.Stable(test.group, programtest.Member(t, "a-0", test.group, []int32{0}, test.says, nil))
			err := j.checkMisfits(t.Context(), j.plan, 0)
			if (err == nil) != (test.wants == "") || err != nil && !strings.Contains(err.Error(), test.wants+map[bool]string{true: j.plan.Fingerprint}[test.wants != ""]) {
				t.Errorf("got %v", err)
			}
			j.Stage = "" // all stages: the groups decide
			if err := j.checkMisfits(t.Context(), j.plan, 0); err != nil {
				t.Error(err)
			}
		})
	}
}

// A process that was stopped stays a member for a while: it is awaited.
func TestStage_WaitsForLeavingMembers(t *testing.T) {
	_, j, s := stageJob(t, "by-word")
	s.Stable("words-words", programtest.Member(t, "a-0", "words-words", []int32{0}, map[string]any{"compatibility": "other"}, nil))
	there, looks := s.Groups["words-words"], 0
	s.Groups["words-words"] = func() stream.GroupState {
		if looks++; looks > 1 {
			return stream.GroupState{State: stream.GroupIsEmpty}
		}
		return there()
	}
	j.Session = 1 << 40
	if err := j.waitForMisfits(t.Context()); err != nil || looks != 2 {
		t.Errorf("after %d looks: %v", looks, err)
	}
}
