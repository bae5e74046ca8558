package scheduler_test

import (
	"reflect"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

func TestBuild_Pageviews(t *testing.T) {
	p, err := scheduler.Build(graphtest.Pageviews(), graphtest.Exist("page-views", 4), scheduler.Options{Containers: 3})
	if err != nil {
		t.Fatal(err)
	}
	want := []scheduler.Stage{
		{
			Name: "page-views", Group: "pageviews-page-views", Tasks: 4, Containers: 3, Nodes: []int{0, 1, 2},
			Inputs:    []scheduler.Input{{Topic: "page-views", Partitions: 4, Nodes: []int{0}}},
			Outputs:   []scheduler.Output{{Topic: "pageviews-by-user", Node: 2, Repartition: true}},
			MetaTopic: "pageviews-page-views-meta",
		},
		{
			Name: "by-user", Group: "pageviews-by-user", Tasks: 4, Containers: 3, Nodes: []int{3, 4},
			Inputs:  []scheduler.Input{{Topic: "pageviews-by-user", Partitions: 4, Nodes: []int{2}, Producers: 4}},
			Outputs: []scheduler.Output{{Topic: "views-per-user", Node: 4}},
			Stores: []scheduler.Store{{
				Name: "per-minute", Changelog: "pageviews-per-minute-changelog", Node: 3,
				Schema: "windows; keys string; size 1m0s", Value: "int64",
			}},
		},
	}
	if !reflect.DeepEqual(p.Stages, want) {
		t.Errorf("stages:\n got %+v\nwant %+v", p.Stages, want)
	}
	topics := []scheduler.Topic{
		{Name: "page-views", Role: scheduler.RoleInput, Partitions: 4},
		{Name: "pageviews-by-user", Role: scheduler.RoleRepartition, Partitions: 4, Create: true},
		{Name: "pageviews-page-views-meta", Role: scheduler.RoleChangelog, Partitions: 4, Create: true},
		{Name: "pageviews-per-minute-changelog", Role: scheduler.RoleChangelog, Partitions: 4, Create: true},
		{Name: "pageviews-plan", Role: scheduler.RolePlan, Partitions: 1, Create: true},
		{Name: "views-per-user", Role: scheduler.RoleOutput, Partitions: 4, Create: true},
	}
	if !reflect.DeepEqual(p.Topics, topics) {
		t.Errorf("topics:\n got %+v\nwant %+v", p.Topics, topics)
	}
}
