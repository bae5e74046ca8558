package nomad

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func TestLogs_OfContainers(t *testing.T) {
	s, c := stageCluster(t)
	s.logs["00000000-0000stderr"] = "one\ntwo and more\nno end"
	s.logs["00000001-0000stderr"] = "three\n"
	s.logs["00000001-0000stdout"] = "out\n"
	s.logs["00000003-0000stderr"] = "four\n"
	for of, want := range map[string][]string{
		"":           {"by-user[0] one", "by-user[0] two and more", "by-user[0] no end", "by-user[1] three", "by-user[1] out", "page-views[0] four"},
		"page-views": {"page-views[0] four"},
		"by-user[1]": {"by-user[1] out", "by-user[1] three"},
		"00000003":   {"page-views[0] four"},
	} {
		var got []string
		err := c.Logs(t.Context(), "pageviews", Logs{Of: of, Stdout: true, Line: func(container, line string) { got = append(got, container+" "+line) }})
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", of, got, err)
		}
	}
	if err := c.Logs(t.Context(), "pageviews", Logs{Of: "x"}); err == nil || !strings.Contains(err.Error(), `no stage and no container "x"`) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestLogs_FollowIncludesNewContainers(t *testing.T) {
	s, c := stageCluster(t)
	s.logs["00000000-0000stderr"], s.logs["00000004-0000stderr"] = "one\n", "new\n"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	err := c.Logs(ctx, "pageviews", Logs{Of: "by-user", Follow: true, Line: func(container, line string) {
		switch got = append(got, container+" "+line); len(got) {
		case 1:
			s.mu.Lock()
			defer s.mu.Unlock()
			s.run("by-user", 3)
		case 2:
			cancel()
		}
	}})
	if want := []string{"by-user[0] one", "by-user[3] new"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}
