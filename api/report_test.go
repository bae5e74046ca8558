package api

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
)

func TestTopicsAreCounted(t *testing.T) {
	topics := func(roles ...scheduler.Role) (list []scheduler.Topic) {
		for _, role := range roles {
			list = append(list, scheduler.Topic{Role: role, Create: role == scheduler.RoleChangelog})
		}
		return list
	}
	const in, out, log, repartition = scheduler.RoleInput, scheduler.RoleOutput, scheduler.RoleChangelog, scheduler.RoleRepartition
	for want, r := range map[string]*run{
		"reads 1 topic, writes 1, and has 0 of its own":                           {planned: &scheduler.Plan{Topics: topics(in, out)}},
		"reads 2 topics, writes 0, and has 2 of its own; 1 of them made just now": {planned: &scheduler.Plan{Topics: topics(in, in, log, repartition)}},
		"reads 1 topic, writes 1, and has 1 of its own; 3 of them made just now":  {planned: &scheduler.Plan{Topics: topics(in, out, log)}, created: 2},
	} {
		if got := r.topics(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A run says where its state is, and a record alone isn't records.
func TestLinesOfARun(t *testing.T) {
	r := runMain(t.Context(), words(), "-feed", "words="+writeFile(t, t.TempDir()+"/words.json", `{"word":"a"}`), "-once").succeeded(t)
	for _, want := range []string{"words: on the embedded log in ", "which is thrown away", "words: state in ", "words: 1 record processed, 0 late, 0 skipped\n"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("%q is missing in\n%s", want, r.err)
		}
	}
}
