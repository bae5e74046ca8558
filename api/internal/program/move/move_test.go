package move

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A moving job has the tasks 0 and 1 of its second stage at a-0; b-0 takes move requests.
// Its group obeys, or doesn't.
type moving struct {
	*testing.T
	*remote.Job
	requests membership.MoveRequests
	obeys    bool
	moved    bool
	looks    int // since
}

func newMoving(t *testing.T, token string) *moving {
	plan, s := programtest.Stage(t, programtest.Words(), 2)
	r := &remote.Job{Plan: plan, System: s, Group: s}
	m := &moving{T: t, Job: r, obeys: true}
	m.requests.Register("by-word", "b-0")
	server := httptest.NewServer(httpapi.NewHandler(httpapi.Config{
		Plan: r.Plan, Registry: metrics.NewRegistry(metrics.Config{App: "words"}), MoveRequests: &m.requests, Readers: &container.Readers{}, Tokens: strings.Fields(token),
	}))
	t.Cleanup(server.Close)
	here, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	topic := "words-by-word"
	s.Groups["words-by-word"] = func() stream.GroupState {
		m.moved = m.moved || len(m.requests.Take("by-word", "b-0")) > 0 && m.obeys
		has := [][]int32{{0, 1}, nil}
		state := stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete"}
		if m.moved {
			has = [][]int32{{1}, {0}}
			if m.looks++; m.looks == 1 {
				state.State = stream.GroupIsRebalancing
			}
		}
		state.Members = []stream.MemberState{
			programtest.Member(t, "a-0", topic, has[0], map[string]any{"host": "elsewhere", "address": "127.0.0.1:1"}, nil),
			programtest.Member(t, "b-0", topic, has[1], map[string]any{"host": here, "address": strings.TrimPrefix(server.URL, "http://")}, nil),
			programtest.Member(t, "c-0", topic, nil, map[string]any{"host": "silent"}, nil),
		}
		return state
	}
	return m
}

func (m *moving) move(task, to string, patience time.Duration) (string, error) {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), patience)
	defer cancel()
	tokens, err := access.ReadTokens("")
	if err != nil {
		m.Fatal(err)
	}
	client := jobclient.New("words", tokens, nil)
	defer client.Close()
	mv, err := newMove(m.Job, task)
	if err != nil {
		return "", err
	}
	return mv.run(ctx, client, to)
}

func TestMove_ToInstanceOrHost(t *testing.T) {
	here, _ := os.Hostname()
	for _, to := range []string{"b-0", here} {
		m := newMoving(t, "")
		done, err := m.move("by-word/0", to, time.Minute)
		if want := "task 0 of stage by-word: from a-0 (elsewhere) to b-0 (" + here + ")"; err != nil || done != want {
			t.Errorf("to %s: %q, %v", to, done, err)
		}
		if done, err := m.move("by-word/0", to, time.Minute); err != nil || !strings.HasSuffix(done, "already") {
			t.Errorf("once more: %q, %v", done, err)
		}
	}
}

func TestMove_SendsToken(t *testing.T) {
	m := newMoving(t, "secret")
	if _, err := m.move("by-word/0", "b-0", time.Minute); err == nil || !strings.Contains(err.Error(), "-token-file") {
		t.Errorf("without it: %v", err)
	}
	t.Setenv("GRETE_TOKEN", "secret")
	if _, err := m.move("by-word/0", "b-0", time.Minute); err != nil {
		t.Error(err)
	}
}

func TestMove_ExplainsFailure(t *testing.T) {
	for _, test := range []struct{ task, to, says string }{
		{"0", "b-0", "several stages; name one, as in words/0"},
		{"other/0", "b-0", `no stage "other"; the stages are: words, by-word`},
		{"by-word/2", "b-0", "its tasks are 0 to 1"},
		{"by-word/x", "b-0", `no task "x"`},
		{"by-word/0", "d-0", `no instance and no host is named "d-0"; the instances are a-0, b-0, c-0 on `},
		{"by-word/0", "c-0", "-http is off"},
		{"words/0", "b-0", "stage words isn't running"},
	} {
		if done, err := newMoving(t, "").move(test.task, test.to, time.Minute); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s to %s: %q, %v", test.task, test.to, done, err)
		}
	}
	m := newMoving(t, "")
	m.moved, m.looks = true, 1
	if _, err := m.move("by-word/0", "a-0", time.Minute); err == nil || !strings.Contains(err.Error(), "the loopback address of elsewhere: run this command there") {
		t.Errorf("to another machine's loopback: %v", err)
	}
	m = newMoving(t, "")
	m.obeys = false
	if _, err := m.move("by-word/0", "b-0", time.Second); err == nil || !strings.Contains(err.Error(), "left it with a-0 (elsewhere)") {
		t.Errorf("a group that doesn't obey: %v", err)
	}
	m = newMoving(t, "")
	m.requests.Unregister("by-word", "b-0")
	if _, err := m.move("by-word/0", "b-0", time.Minute); err == nil || !strings.Contains(err.Error(), "isn't in this process") {
		t.Errorf("a member that has left: %v", err)
	}
}

func TestMove_OfOnlyStage(t *testing.T) {
	r := &remote.Job{Plan: &scheduler.Plan{Stages: []scheduler.Stage{{Name: "a/b", Tasks: 2}}}}
	for _, text := range []string{"1", "a/b/1"} {
		if m, err := newMove(r, text); err != nil || m.task != 1 || m.stage.Name != "a/b" {
			t.Errorf("%s is %+v, %v", text, m, err)
		}
	}
}
