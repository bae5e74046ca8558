package scheduler_test

import (
	"flag"
	"testing"

	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestPlan_JSON(t *testing.T) {
	for name, sc := range graphtest.Scenarios() {
		t.Run(name, func(t *testing.T) {
			b, err := graphtest.MustBuild(t, sc.Graph, sc.Metadata, sc.Options).JSON()
			if err != nil {
				t.Fatal(err)
			}
			graphtest.Golden(t, *update, name+".json", b)
		})
	}
}
