package compare

import (
	"strings"
	"testing"
)

// A refused version may run as it is only where it can: where the stages find how far they
// have read, and all of their state.
func TestVerdict_Acceptable(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*version)
		want   bool
	}{
		"nothing":            {func(*version) {}, true},
		"field added":        {func(v *version) { keeps[more]("total")(v) }, true},
		"store renamed":      {func(v *version) { v.node("total").Name = "sum" }, true},
		"only store renamed": {func(v *version) { v.node("known").Name = "all" }, false},
		"last store removed": {func(v *version) { v.stateless("known") }, false},
		"store retyped":      {func(v *version) { keeps[texts]("total")(v) }, false},
		"repartition key":    {func(v *version) { v.node("by-user").Key = "int64" }, true},
		"stateful grown":     {func(v *version) { v.topics["users"] = 8 }, false},
		"repartition width":  {func(v *version) { v.topics["shop-by-user"] = 8 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			old, now := shop(), shop()
			keeps[sums]("total")(old)
			keeps[sums]("total")(now)
			tt.change(now)
			v := Plans(old.plan(t), now.plan(t))
			if v.Acceptable() != tt.want {
				t.Errorf("acceptable: %t\n%s", v.Acceptable(), v.Text())
			}
		})
	}
}

// The name of a field is said to be a new one only if a field of the same type was added.
func TestPlans_NoRenameToAnotherType(t *testing.T) {
	type one struct{ Count int64 }
	type other struct{ Total string }
	old, now := shop(), shop()
	keeps[one]("total")(old)
	keeps[other]("total")(now)
	v := Plans(old.plan(t), now.plan(t))
	if v.Kind != Incompatible || strings.Contains(v.Text(), "is its new name") || !strings.Contains(v.Text(), "keep the field") {
		t.Errorf("it says\n%s", v.Text())
	}
}
