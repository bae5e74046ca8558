package nomad

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// agent starts an agent that gives every request the same answer.
func agent(t *testing.T, status int, body string) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return client(t, Options{Address: s.URL, Namespace: "analytics"})
}

func client(t *testing.T, o Options) *Client {
	t.Helper()
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClient_ExplainsErrors(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"a capability":     {403, "Permission denied", `register: Nomad at http://127.0.0.1`},
		"which":            {403, "Permission denied", `the capability "submit-job" of the namespace "analytics"`},
		"an unknown token": {403, "ACL token not found", "refuses NOMAD_TOKEN or -nomad-token-file: ACL token not found"},
		"anything else":    {500, "no cluster leader\n", "says: no cluster leader (500)"},
	} {
		t.Run(name, func(t *testing.T) {
			c := agent(t, test.status, test.body)
			_, _, err := c.api.Jobs().Info("x", c.query(t.Context()))
			if err = c.explain(err, "register", "submit-job"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
		})
	}
	if (&Client{}).explain(nil, "", "") != nil {
		t.Error("no error is one")
	}
}

func TestReach_ExplainsFailure(t *testing.T) {
	if err := agent(t, 200, `"127.0.0.1:4647"`).Reach(t.Context()); err != nil {
		t.Error(err)
	}
	if err := agent(t, 200, `""`).Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "no leader") {
		t.Errorf("no leader: %v", err)
	}
	nobody := client(t, Options{Address: "http://ann:hunter2@127.0.0.1:1"})
	if err := nobody.Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "set -nomad or NOMAD_ADDR") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("no agent: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := nobody.Reach(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("asked to stop: %v", err)
	}
}

func TestReach_TLSErrorsNameTheSetting(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	refused := func(want string) {
		t.Helper()
		if err := client(t, Options{Address: s.URL}).Reach(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it doesn't say %s: %v", want, err)
		}
	}
	refused("set NOMAD_CACERT to")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOMAD_CACERT", ca)
	refused("set NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY to")
}

func TestReach_SilentAgentTimesOut(t *testing.T) {
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(end) })
	c, ctx := client(t, Options{Address: s.URL}), t.Context()
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := c.Reach(ctx); err == nil || !strings.Contains(err.Error(), "nobody answers at "+s.URL) {
		t.Errorf("%v", err)
	}
}

func TestOpen_OptionsWinOverEnvironment(t *testing.T) {
	t.Setenv("NOMAD_ADDR", "https://agent:4646")
	t.Setenv("NOMAD_NAMESPACE", "")
	if c := client(t, Options{}); c.Address() != "https://agent:4646" || c.Namespace() != "default" {
		t.Errorf("%s, %s", c.Address(), c.Namespace())
	}
	t.Setenv("NOMAD_NAMESPACE", "analytics")
	if c := client(t, Options{Address: "http://other:1"}); c.Address() != "http://other:1" || c.Namespace() != "analytics" {
		t.Errorf("%s, %s", c.Address(), c.Namespace())
	}
	for _, bad := range []string{"agent:4646", "ftp://agent", "ann:hunter2@agent", "http://"} {
		if _, err := Open(Options{Address: bad}); err == nil || !strings.Contains(err.Error(), "-nomad: ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	t.Setenv("NOMAD_CACERT", "/none.pem")
	if _, err := Open(Options{}); err == nil || !strings.Contains(err.Error(), "NOMAD_CACERT") {
		t.Errorf("a missing certificate: %v", err)
	}
}

func TestHostAddress_OnlyOfDevelopmentClusters(t *testing.T) {
	for address, want := range map[string]string{"http://127.0.0.1:1": "127.0.0.1", "http://localhost:1": "127.0.0.1", "unix:///x.sock": "127.0.0.1", "http://[::1]:1": "127.0.0.1"} {
		if got := client(t, Options{Address: address}).HostAddress(t.Context()); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
}

func TestProposal_SaysWhyNoNodeFits(t *testing.T) {
	for name, test := range map[string]struct {
		metric api.AllocationMetric
		want   string
	}{
		"memory":      {api.AllocationMetric{NodesEvaluated: 3, NodesInPool: 3, DimensionExhausted: map[string]int{"memory": 3, "cpu": 1}}, "cpu exhausted on 1 node; memory exhausted on 3 nodes"},
		"constraints": {api.AllocationMetric{NodesEvaluated: 3, NodesInPool: 3, ConstraintFiltered: map[string]int{"${attr.cpu.arch} = arm64": 3}}, "${attr.cpu.arch} = arm64 isn't met by 3 nodes"},
		"the same":    {api.AllocationMetric{NodesEvaluated: 3, NodesInPool: 3, ConstraintFiltered: map[string]int{sameClass: 3}}, "3 nodes of a kind that doesn't fit, as for another stage"},
		"a driver":    {api.AllocationMetric{NodesEvaluated: 3, NodesInPool: 3, ConstraintFiltered: map[string]int{noDriver: 3}}, "3 nodes without the driver that -driver names"},
		"a pool":      {api.AllocationMetric{NodePool: "stream"}, "no node is ready in the pool stream"},
		"nowhere":     {api.AllocationMetric{NodesInPool: 3, NodePool: "default"}, "no node is ready where the job may run"},
		"a quota":     {api.AllocationMetric{NodesEvaluated: 1, NodesInPool: 1, QuotaExhausted: []string{"memory 1 of 1"}}, "quota: memory 1 of 1"},
		"unknown":     {api.AllocationMetric{NodesEvaluated: 2, NodesInPool: 2, NodesFiltered: 2}, "2 nodes looked at, 2 filtered, 0 exhausted"},
	} {
		if got := reasons(&test.metric); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestProposal_Text(t *testing.T) {
	job, err := Job(pageviews(t), least())
	if err != nil {
		t.Fatal(err)
	}
	field := func(kind, name, was, is string) *api.FieldDiff {
		return &api.FieldDiff{Type: kind, Name: name, Old: was, New: is}
	}
	p := &Proposal{job: job, running: job, plan: &api.JobPlanResponse{Warnings: "a warning\n", Diff: &api.JobDiff{
		Type: "Edited", Fields: []*api.FieldDiff{field("Edited", "Meta[grete_fingerprint]", "a", "b"), field("None", "Priority", "50", "50")},
		TaskGroups: []*api.TaskGroupDiff{{
			Name: "by-user", Type: "Edited", Updates: map[string]uint64{"create/destroy update": 1, "create": 1, "ignore": 1, "destroy": 0},
			Tasks: []*api.TaskDiff{{Type: "Edited", Name: taskName, Objects: []*api.ObjectDiff{
				{Type: "Edited", Name: "Config", Fields: []*api.FieldDiff{field("Added", "args[9]", "", "--standbys=1"), field("Deleted", "args[3]", "--x", "")}},
				{Type: "Added", Name: "Artifact", Fields: []*api.FieldDiff{field("Added", "Mode", "", "file"), field("Added", "Source", "", "b")}},
				{Type: "Deleted", Name: "Artifact", Fields: []*api.FieldDiff{field("Deleted", "Mode", "file", ""), field("Deleted", "Source", "a", "")}},
				{Type: "None", Name: "Resources", Fields: []*api.FieldDiff{field("Edited", "no", "", "")}},
			}, Fields: []*api.FieldDiff{field("Edited", "Env[LONG]", strings.Repeat("x", 100), "y")}}},
		}, {Name: "page-views", Type: "None"}},
	}}}
	want := `job pageviews changes
  ~ Meta[grete_fingerprint]: a -> b
  stage page-views: nothing happens
  stage by-user: 1 to start, 2 to restart, one at a time
    ~ Env[LONG]: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx -> y
    + Config args[9]: --standbys=1
    - Config args[3]: --x
    ~ Artifact Source: a -> b
  Nomad warns: a warning
`
	if got := p.Text(); got != want || !p.Changes() || !p.Replaces() {
		t.Errorf("got\n%s", got)
	}
	p.plan.FailedTGAllocs = map[string]*api.AllocationMetric{"by-user": {NodesEvaluated: 3, NodesInPool: 3, CoalescedFailures: 2, DimensionExhausted: map[string]int{"memory": 3}}}
	if err := p.Unplaceable(); err == nil || err.Error() != "no node fits 3 containers of stage by-user: memory exhausted on 3 nodes" {
		t.Errorf("%v", err)
	}
}
