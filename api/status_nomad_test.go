package api

import (
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/nomad"
)

// Containers stand beside the members that are asked where they are.
func TestStatusOnNomad(t *testing.T) {
	r, s := stageJob(t, words(), 2)
	for _, group := range []string{"words-words", "words-by-word"} {
		s.stable(group, stagedMember(t, "a-0", group, []int32{0, 1}, map[string]any{"host": "one", "address": "one:80", "compatibility": r.plan.Fingerprint}, nil))
	}
	status, err := r.status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	status.addNomad(&nomad.Status{
		Job: "words", Namespace: "default", State: "running", Version: 3, Deployment: "of version 3: running, it goes on",
		Stages: []nomad.StageStatus{
			{Stage: "words", Wanted: 1, Containers: []nomad.Container{
				{Name: "words[0]", Alloc: "0123456789", Node: "n1", State: "running", Since: time.Now().Add(-time.Hour), Restarts: 2, Event: "Started: Task started by client", Address: "one:80"},
			}},
			{Stage: "by-word", Wanted: 2, Containers: []nomad.Container{{Name: "by-word[0]", Alloc: "x", State: "pending", Since: time.Now(), Event: "Restarting: it does", Trouble: "Terminated: Exit Code: 1"}}},
			{Stage: "of another version", Wanted: 1},
		},
	})
	var b strings.Builder
	if err := status.write(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"on Nomad: job words in namespace default, version 3: running\ndeployment of version 3: running, it goes on\n",
		"  on Nomad, where it is to have 1 container:\n",
		"  CONTAINER  ALLOC     NODE  STATE    FOR     RESTARTS  INSTANCE  LAST EVENT\n",
		"  words[0]   01234567  n1    running  1h0m0s  2         a-0       Started: Task started by client\n",
		"  on Nomad, where it is to have 2 containers:\n",
		"  by-word[0]  x      -     pending  0s   0         -         Terminated: Exit Code: 1\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("%q isn't in\n%s", line, b.String())
		}
	}
}

// A cluster that the environment names for all jobs needn't have this one; that of a
// flag must.
func TestFindOnNomad(t *testing.T) {
	withoutKafka(t)
	t.Setenv("NOMAD_ADDR", "")
	server := emptyNomad(t)
	app := words()
	for name, test := range map[string]struct {
		flag, environment string
		want              string // "": it isn't there, and that is no mistake
	}{
		"nobody says":     {"", "", ""},
		"the environment": {"", server, ""},
		"the flag":        {server, "", "there is no such job on Nomad"},
		"nobody is there": {"", "http://127.0.0.1:1", "nobody answers"},
		"no URL":          {"x", "", "-nomad: the address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NOMAD_ADDR", test.environment)
			client, status, err := (&nomadFlags{Address: test.flag}).find(t.Context(), app)
			if client != nil || status != nil || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v, %v", client, status, err)
			}
		})
	}
	t.Setenv("NOMAD_ADDR", server)
	for _, args := range [][]string{{"scale", "by-word", "2"}, {"stop"}, {"stop", "-purge"}, {"logs", "-f"}, {"logs", "by-word"}} {
		if r := runMain(t.Context(), app, args...).failed(t, "there is no such job on Nomad: submit makes it"); r.code != 1 {
			t.Errorf("%q: exit %d", args, r.code)
		}
	}
	if r := runMain(t.Context(), app, "scale", "by-word", "many"); r.code != 2 {
		t.Errorf("exit %d, %s", r.code, r.err)
	}
}
