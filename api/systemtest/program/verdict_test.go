package program

import "testing"

// A verdict that finds nothing proves nothing.
func TestCompare(t *testing.T) {
	want := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4}
	got := map[string][]int{"a": {1}, "b": {2, 2}, "c": {4}, "e": {1}}
	shown := 0
	v := compare(want, got, func(string, []int, any) { shown++ })
	if v != (Verdict{Of: 4, Lost: 1, Doubled: 1, Wrong: 1, Odd: 1}) || shown != 4 {
		t.Errorf("%v; %d were shown", v, shown)
	}
}
