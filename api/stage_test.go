package api

import (
	"errors"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// stageRun is a process of one stage, on a log whose groups a test has made up.
func stageRun(t *testing.T, stage string) (*run, *staged) {
	t.Helper()
	remote, s := stageJob(t, words(), 2)
	r := &run{app: words(), system: s, planned: remote.plan}
	r.Stage, r.Containers = stage, 1
	return r, s
}

// inGroup has a stage's group have a member of a plan.
func inGroup(t *testing.T, s *staged, group string, says map[string]any) {
	t.Helper()
	member := stagedMember(t, "a-0", group, []int32{0}, says, nil)
	s.groups[group] = func() stream.GroupState {
		return stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{member}}
	}
}

func TestOneStage(t *testing.T) {
	r, _ := stageRun(t, "by-word")
	if err := r.plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if mine := r.stages(); len(r.planned.Stages) != 2 || len(mine) != 1 || mine[0].Name != "by-word" {
		t.Errorf("it runs %v", mine)
	}
	a := newAdmission(r.stages())
	a.of("by-word")
	select {
	case <-a.over:
	default:
		t.Error("its plan waits for a stage that it doesn't run")
	}
}

func TestStageThatThereIsNot(t *testing.T) {
	r, _ := stageRun(t, "other")
	err := r.plan(t.Context())
	if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), `-stage: there is no stage "other"; there are: words, by-word`) {
		t.Errorf("got %v", err)
	}
}

// A process of one stage is in no other group, which would refuse it: it looks itself.
func TestStageBesideAnotherPlan(t *testing.T) {
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
			r, s := stageRun(t, "by-word")
			r.before = &scheduler.Plan{Stages: []scheduler.Stage{{Name: "words", Group: "words-words"}, {Name: "former", Group: "words-former"}}}
			if test.says["compatibility"] == "same" {
				test.says["compatibility"] = r.planned.Fingerprint
			}
			inGroup(t, s, test.group, test.says)
			err := r.fitOthers(t.Context(), r.planned, 0)
			if (err == nil) != (test.wants == "") || err != nil && !strings.Contains(err.Error(), test.wants+map[bool]string{true: r.planned.Fingerprint}[test.wants != ""]) {
				t.Errorf("got %v", err)
			}
			r.Stage = "" // all stages: the groups decide
			if err := r.fitOthers(t.Context(), r.planned, 0); err != nil {
				t.Error(err)
			}
		})
	}
}

// Who was stopped is a member for a while: it is waited for.
func TestStageWaitsForWhoLeaves(t *testing.T) {
	r, s := stageRun(t, "by-word")
	inGroup(t, s, "words-words", map[string]any{"compatibility": "other"})
	there, looks := s.groups["words-words"], 0
	s.groups["words-words"] = func() stream.GroupState {
		if looks++; looks > 1 {
			return stream.GroupState{State: stream.GroupIsEmpty}
		}
		return there()
	}
	r.Session = 1 << 40
	if err := r.waitForOthers(t.Context()); err != nil || looks != 2 {
		t.Errorf("after %d looks: %v", looks, err)
	}
}
