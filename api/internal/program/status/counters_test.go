package status

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/stream"
)

// counted returns the status of a job with three members, and its text. get is how the
// processes answer.
func counted(t *testing.T, r *remote.Job, get func(address string) (*model.Job, error)) (*model.Job, string) {
	t.Helper()
	status, err := Of(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	addCounters(t.Context(), status, func(_ context.Context, address string) (*model.Job, error) { return get(address) })
	var b strings.Builder
	if err := write(&b, status, r.Plan); err != nil {
		t.Fatal(err)
	}
	return status, b.String()
}

// members is a job whose members are at these addresses.
func members(t *testing.T, addresses ...string) *remote.Job {
	t.Helper()
	r, s := staged(t, 2)
	var all []stream.MemberState
	for i, a := range addresses {
		name := string(rune('a'+i)) + "-0"
		all = append(all, programtest.Member(t, name, "words", nil, map[string]any{"host": name, "address": a, "compatibility": r.Plan.Fingerprint}, nil))
	}
	s.Stable("words-words", all...)
	return r
}

func told(partition int32, ahead, overtaken int64) model.Input {
	return model.Input{Topic: "words", Partition: partition, Ahead: ahead, Overtaken: overtaken}
}

func store(forms map[string]int64) []model.Store {
	return []model.Store{{Name: "count", Forms: forms}}
}

func TestStatus_CountersOfProcesses(t *testing.T) {
	r := members(t, "", "gone:80", "there:80", "other:80")
	current := r.Plan.Stages[1].Stores[0].Value
	var asked []string
	status, text := counted(t, r, func(address string) (*model.Job, error) {
		asked = append(asked, address)
		if address != "there:80" {
			return nil, errors.New("no route to host")
		}
		return &model.Job{
			Others: []model.Process{{Address: "gone:80", Error: "gone:80 doesn't answer"}, {Address: "other:80"}},
			Stages: []model.Stage{
				{Name: "words", Tasks: []model.Task{{ID: 0, Inputs: []model.Input{told(0, 1, 0)}}, {ID: 1, Inputs: []model.Input{told(1, 2, 1)}}, {ID: 7}}},
				{Name: "by-word", Tasks: []model.Task{
					{ID: 0, Stores: store(map[string]int64{current: 5, "int32": 3})},
					{ID: 1, Stores: store(map[string]int64{"int32": 4, strings.Repeat("x", 100): 1})},
				}},
			},
		}, nil
	})
	for _, line := range []string{
		"  input words: 3 records further ahead of the clock than MaxAhead\n",
		"  input words: 1 record behind the watermark because a single other record moved it; see the warnings in the log\n",
		"  store count: 7 values left in the former form int32\n",
		"  store count: 1 value left in the former form " + strings.Repeat("x", 80) + "…\n",
		"\ncounters are missing: gone:80 doesn't answer\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q isn't in\n%s", line, text)
		}
	}
	if strings.Contains(text, "5 values") || strings.Contains(text, "other:80:") || strings.Join(asked, " ") != "gone:80 other:80 there:80" {
		t.Errorf("asked %v:\n%s", asked, text)
	}
	in := status.Stages[0].Tasks[1].Inputs[0]
	if in.Ahead != 2 || in.Overtaken != 1 || in.End == nil || status.Stages[1].Tasks[0].Stores[0].Forms["int32"] != 3 {
		t.Errorf("the job is %+v", status.Stages)
	}
}

// Without an answer the rest of the status is shown.
func TestStatus_WithoutCounters(t *testing.T) {
	_, text := counted(t, members(t, "one:80", "127.0.0.1:80"), func(string) (*model.Job, error) { return nil, errors.New("one:80 needs the job's token") })
	for _, line := range []string{
		"stage words: 2 members",
		"\ncounters are missing: one:80 needs the job's token\n",
		"\ncounters are missing: b-0 listens on the loopback address of b-0",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q isn't in\n%s", line, text)
		}
	}
}

// A healthy job has no line more than before.
func TestStatus_NothingUnusual(t *testing.T) {
	_, text := counted(t, members(t, "one:80"), func(string) (*model.Job, error) {
		return &model.Job{Stages: []model.Stage{{Name: "words", Tasks: []model.Task{{Inputs: []model.Input{told(0, 0, 0)}}}}}}, nil
	})
	for _, word := range []string{"ahead", "behind", "former", "missing"} {
		if strings.Contains(text, word) {
			t.Errorf("it says %q:\n%s", word, text)
		}
	}
}
