package nomad

import (
	"slices"
	"testing"
)

func TestRevert_ToAVersionByItsProgram(t *testing.T) {
	s, c := stageCluster(t)
	all, err := c.Versions(t.Context(), "pageviews")
	if err != nil || !slices.Equal(all, []JobVersion{{3, sum}, {2, sum}}) {
		t.Fatalf("the versions are %v: %v", all, err)
	}
	if err := c.Revert(t.Context(), "pageviews", 2); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.requests, []string{"PUT /v1/job/pageviews/revert?namespace=default"}) {
		t.Errorf("it requests %q", s.requests)
	}
	s.job = nil
	if err := c.Revert(t.Context(), "pageviews", 2); err == nil {
		t.Error("a job that doesn't exist is reverted")
	}
}
