package program

import (
	"fmt"
	"testing"
)

// A Verdict counts the results that aren't as they should be.
type Verdict struct{ Of, Lost, Doubled, Wrong, Odd int }

func (v Verdict) String() string {
	return fmt.Sprintf("%d results: %d lost, %d doubled, %d wrong, %d of nothing", v.Of, v.Lost, v.Doubled, v.Wrong, v.Odd)
}

// Compare looks whether there is one result for each key, the one that is wanted, and
// fails the test if there isn't.
func Compare[K, R comparable](t testing.TB, want map[K]R, got map[K][]R) Verdict {
	t.Helper()
	v := compare(want, got, func(k K, got []R, want any) {
		t.Errorf("%v: got %v, want %v", k, got, want)
	})
	if v != (Verdict{Of: len(want)}) {
		t.Errorf("%v", v)
	}
	return v
}

// maxShown is how many of the results that aren't as they should be are shown.
const maxShown = 5

func compare[K, R comparable](want map[K]R, got map[K][]R, show func(key K, got []R, want any)) Verdict {
	v := Verdict{Of: len(want)}
	for k, r := range want {
		switch is := got[k]; {
		case len(is) == 0:
			v.Lost++
		case len(is) > 1:
			v.Doubled++
		case is[0] != r:
			v.Wrong++
		default:
			continue
		}
		if v.Lost+v.Doubled+v.Wrong <= maxShown {
			show(k, got[k], r)
		}
	}
	for k, is := range got {
		if _, ok := want[k]; ok {
			continue
		}
		if v.Odd++; v.Odd <= maxShown {
			show(k, is, "none")
		}
	}
	return v
}
