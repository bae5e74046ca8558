package share

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestFixed_GivesEachTaskToOneContainer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := rapid.Int32Range(0, 200).Draw(t, "tasks")
		containers := rapid.IntRange(-1, 20).Draw(t, "containers")
		parts := Fixed(tasks, containers)
		if len(parts) != max(containers, 1) {
			t.Fatalf("%d containers", len(parts))
		}
		var all []int32
		least, most := len(parts[0]), len(parts[0])
		for _, part := range parts {
			if !slices.IsSorted(part) {
				t.Fatalf("%v", part)
			}
			all = append(all, part...)
			least, most = min(least, len(part)), max(most, len(part))
		}
		slices.Sort(all)
		for i, task := range all {
			if int32(i) != task {
				t.Fatalf("tasks %v", all)
			}
		}
		if len(all) != int(tasks) || most-least > 1 {
			t.Fatalf("%d tasks in parts of %d to %d", len(all), least, most)
		}
	})
}
