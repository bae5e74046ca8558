package program

import (
	"fmt"
	"testing"
)

// A Comparison counts the wanted results, and the keys whose results differ from them.
type Comparison struct{ Wanted, Lost, Duplicated, Wrong, Unexpected int }

func (c Comparison) String() string {
	return fmt.Sprintf("%d results: %d lost, %d duplicated, %d wrong, %d unexpected", c.Wanted, c.Lost, c.Duplicated, c.Wrong, c.Unexpected)
}

// Compare fails the test unless each key has exactly the one result that is wanted.
func Compare[K, R comparable](t testing.TB, want map[K]R, got map[K][]R) Comparison {
	t.Helper()
	c := compare(want, got, func(k K, got []R, want any) {
		t.Errorf("%v: got %v, want %v", k, got, want)
	})
	if c != (Comparison{Wanted: len(want)}) {
		t.Errorf("%v", c)
	}
	return c
}

// maxShown bounds how many differences are shown.
const maxShown = 5

func compare[K, R comparable](want map[K]R, got map[K][]R, show func(key K, got []R, want any)) Comparison {
	c := Comparison{Wanted: len(want)}
	for k, r := range want {
		switch is := got[k]; {
		case len(is) == 0:
			c.Lost++
		case len(is) > 1:
			c.Duplicated++
		case is[0] != r:
			c.Wrong++
		default:
			continue
		}
		if c.Lost+c.Duplicated+c.Wrong <= maxShown {
			show(k, got[k], r)
		}
	}
	for k, is := range got {
		if _, ok := want[k]; ok {
			continue
		}
		if c.Unexpected++; c.Unexpected <= maxShown {
			show(k, is, "none")
		}
	}
	return c
}
