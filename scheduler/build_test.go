package scheduler

import (
	"reflect"
	"testing"
)

func TestBuildPageviews(t *testing.T) {
	p, err := Build(pageviews(), exist("page-views", 4), Options{Containers: 3})
	if err != nil {
		t.Fatal(err)
	}
	want := []Stage{
		{
			Name: "page-views", Group: "pageviews-page-views", Tasks: 4, Containers: 3, Nodes: []int{0, 1, 2},
			Inputs:    []Input{{Topic: "page-views", Partitions: 4, Nodes: []int{0}}},
			Outputs:   []Output{{Topic: "pageviews-by-user", Node: 2, Repartition: true}},
			MetaTopic: "pageviews-page-views-meta",
		},
		{
			Name: "by-user", Group: "pageviews-by-user", Tasks: 4, Containers: 3, Nodes: []int{3, 4},
			Inputs:  []Input{{Topic: "pageviews-by-user", Partitions: 4, Nodes: []int{2}, Producers: 4}},
			Outputs: []Output{{Topic: "views-per-user", Node: 4}},
			Stores: []Store{{
				Name: "per-minute", Changelog: "pageviews-per-minute-changelog", Node: 3,
				Schema: "windows; string to int64; size 1m0s",
			}},
		},
	}
	if !reflect.DeepEqual(p.Stages, want) {
		t.Errorf("stages:\n got %+v\nwant %+v", p.Stages, want)
	}
	topics := []Topic{
		{Name: "page-views", Role: RoleInput, Partitions: 4},
		{Name: "pageviews-by-user", Role: RoleRepartition, Partitions: 4, Create: true},
		{Name: "pageviews-page-views-meta", Role: RoleChangelog, Partitions: 4, Create: true},
		{Name: "pageviews-per-minute-changelog", Role: RoleChangelog, Partitions: 4, Create: true},
		{Name: "pageviews-plan", Role: RolePlan, Partitions: 1, Create: true},
		{Name: "views-per-user", Role: RoleOutput, Partitions: 4, Create: true},
	}
	if !reflect.DeepEqual(p.Topics, topics) {
		t.Errorf("topics:\n got %+v\nwant %+v", p.Topics, topics)
	}
}
