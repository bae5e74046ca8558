package program

import "testing"

// A comparison that finds no difference must be able to find one.
func TestCompare_CountsEachKindOfDifference(t *testing.T) {
	want := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4}
	got := map[string][]int{"a": {1}, "b": {2, 2}, "c": {4}, "e": {1}}
	shown := 0
	c := compare(want, got, func(string, []int, any) { shown++ })
	if c != (Comparison{Wanted: 4, Lost: 1, Duplicated: 1, Wrong: 1, Unexpected: 1}) || shown != 4 {
		t.Errorf("%v; %d were shown", c, shown)
	}
}
