package nomadjob

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/nomad"
)

func run(t *testing.T, args ...string) programtest.Result {
	return programtest.Run(t.Context(), programtest.Words(), []any{&Commands{}}, args...)
}

// emptyNomad starts a Nomad cluster without a job, and returns its address.
func emptyNomad(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/status/leader" {
			http.Error(w, "job not found", http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`"10.0.0.1:4647"`))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// The status shows the trouble of a container rather than its last event.
func TestStatusOf_ShowsTrouble(t *testing.T) {
	s := statusOf(&nomad.Status{Job: "words", Version: 3, Stages: []nomad.StageStatus{{Stage: "by-word", Wanted: 2, Containers: []nomad.Container{
		{Name: "a", Event: "Started", Address: "one:80"}, {Name: "b", Event: "Restarting: it does", Trouble: "Terminated: Exit Code: 1"},
	}}}})
	if s.Job != "words" || s.Version != 3 || len(s.Stages) != 1 || s.Stages[0].Wanted != 2 || len(s.Stages[0].Containers) != 2 {
		t.Fatalf("got %+v", s)
	}
	if got := s.Stages[0].Containers; got[0].Event != "Started" || got[0].Address != "one:80" || got[1].Event != "Terminated: Exit Code: 1" {
		t.Errorf("got %+v", got)
	}
}

// A cluster that the environment names for all jobs need not have this one; a cluster
// that a flag names must.
func TestFind_MissingJob(t *testing.T) {
	programtest.WithoutKafka(t)
	t.Setenv("NOMAD_ADDR", "")
	server := emptyNomad(t)
	for name, test := range map[string]struct {
		flag, environment string
		want              string // in the error; "": none
	}{
		"none named":         {"", "", ""},
		"the environment":    {"", server, ""},
		"the flag":           {server, "", "there is no such job on Nomad"},
		"connection refused": {"", "http://127.0.0.1:1", "nobody answers"},
		"no URL":             {"x", "", "-nomad: the address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NOMAD_ADDR", test.environment)
			client, status, err := (&Flags{Address: test.flag}).find(t.Context(), "words")
			if client != nil || status != nil || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v, %v", client, status, err)
			}
		})
	}
	t.Setenv("NOMAD_ADDR", server)
	for _, args := range [][]string{{"scale", "by-word", "2"}, {"stop"}, {"stop", "-purge"}, {"logs", "-f"}, {"logs", "by-word"}} {
		if r := run(t, args...).Failed(t, "there is no such job on Nomad: submit makes it"); r.Code != 1 {
			t.Errorf("%q: exit %d", args, r.Code)
		}
	}
	if r := run(t, "scale", "by-word", "many"); r.Code != 2 {
		t.Errorf("exit %d, %s", r.Code, r.Err)
	}
}
