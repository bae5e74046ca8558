package run

import (
	"testing"

	"github.com/gretestream/grete/scheduler"
)

func TestDescribeTopics(t *testing.T) {
	topics := func(roles ...scheduler.Role) (list []scheduler.Topic) {
		for _, role := range roles {
			list = append(list, scheduler.Topic{Role: role, Create: role == scheduler.RoleChangelog})
		}
		return list
	}
	const in, out, log, repartition = scheduler.RoleInput, scheduler.RoleOutput, scheduler.RoleChangelog, scheduler.RoleRepartition
	for want, test := range map[string]struct {
		topics  []scheduler.Topic
		created int
	}{
		"reads 1 topic, writes 1, and has 0 of its own":                         {topics(in, out), 0},
		"reads 2 topics, writes 0, and has 2 of its own; 1 of them created now": {topics(in, in, log, repartition), 0},
		"reads 1 topic, writes 1, and has 1 of its own; 3 of them created now":  {topics(in, out, log), 2},
	} {
		if got := describeTopics(&scheduler.Plan{Topics: test.topics}, test.created); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
