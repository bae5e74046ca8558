package compare

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde/shape"
)

type (
	sums struct {
		Count int32
		Sum   int64
		Last  struct{ At time.Time }
	}
	renamedType struct {
		Sum    int64
		Amount int32 `json:"Count"`
		Last   struct{ At time.Time }
	}
	more struct {
		sums
		Max int64
	}
	wider struct {
		Count int64
		Sum   int64
		Last  struct{ At time.Time }
	}
	fewer  struct{ Count int32 }
	totals struct {
		Count int32
		Total int64
		Last  struct{ At time.Time }
	}
	texts struct {
		Count string
		Sum   int64
		Last  struct{ At time.Time }
	}
	deeper struct {
		Count int32
		Sum   int64
		Last  struct{ When time.Time }
	}
	list struct {
		Value int
		Next  *list
	}
	longer struct {
		Value int
		Next  *longer
		Name  string
	}
)

// keeps is the shop whose operators keep or send values of a type.
func keeps[V any](name string, upgrades ...*shape.Shape) func(*version) {
	return func(v *version) {
		n := v.node(name)
		if len(n.Stores) == 0 {
			n.Value, n.ValueShape = "json(main.V)", shape.For[V]()
			return
		}
		s := &n.Stores[0]
		s.Value, s.ValueShape = "json(main.V)", shape.For[V]()
		for _, u := range upgrades {
			s.Upgrades = append(s.Upgrades, shape.Form{Encoding: "json", Shape: u}.String())
		}
	}
}

func TestPlans_Types(t *testing.T) {
	opaque := func(name, typ, schema string) func(*version) {
		return func(v *version) {
			v.node(name).Stores[0].ValueShape = &shape.Shape{Kind: shape.Opaque, Type: typ, Schema: schema}
		}
	}
	keyed := func(k *shape.Shape) func(*version) {
		return func(v *version) {
			v.node("total").Stores[0].Key, v.node("total").Stores[0].KeyShape = "json(main.K)", k
		}
	}
	tests := map[string]struct {
		old, now func(*version)
		kind     Fit
		changes  []string // in brief; their beginnings
		do       string   // part of what to do about the first one
	}{
		"store: renamed type":              {keeps[sums]("total"), keeps[renamedType]("total"), Same, nil, ""},
		"store: field added":               {keeps[sums]("total"), keeps[more]("total"), Restart, []string{"store total of by-user:  => field Max int64"}, ""},
		"store: field removed":             {keeps[more]("total"), keeps[sums]("total"), Incompatible, []string{"store total of by-user: field Max int64 => "}, "api.Upgrade"},
		"store: wider":                     {keeps[sums]("total"), keeps[wider]("total"), Restart, []string{"store total of by-user: field Count int32 => field Count int64"}, ""},
		"store: narrower":                  {keeps[wider]("total"), keeps[sums]("total"), Incompatible, []string{"store total of by-user: field Count int64 => field Count int32"}, "change it back; or convert existing values with api.Upgrade"},
		"store: field renamed":             {keeps[sums]("total"), keeps[totals]("total"), Incompatible, []string{"store total of by-user: field Sum int64 => ", "store total of by-user:  => field Total int64"}, `if Total is its new name, give that field the tag json:"Sum"`},
		"store: retyped":                   {keeps[sums]("total"), keeps[texts]("total"), Incompatible, []string{"store total of by-user: field Count int32 => field Count string"}, "api.Upgrade"},
		"store: renamed within":            {keeps[sums]("total"), keeps[deeper]("total"), Incompatible, []string{"store total of by-user: field Last.At time => ", "store total of by-user:  => field Last.When time"}, `json:"At"`},
		"store: recursive":                 {keeps[list]("total"), keeps[longer]("total"), Restart, []string{"store total of by-user:  => field Name string"}, ""},
		"store: upgraded":                  {keeps[sums]("total"), keeps[texts]("total", shape.For[sums]()), Restart, []string{"store total of by-user: json {Count:int32"}, ""},
		"store: upgraded, wider":           {keeps[sums]("total"), keeps[texts]("total", shape.For[wider]()), Restart, []string{"store total of by-user: json {Count:int32"}, ""},
		"store: upgraded from other":       {keeps[sums]("total"), keeps[texts]("total", shape.For[fewer]()), Incompatible, []string{"store total of by-user: field Count int32 => field Count string"}, ""},
		"store: added by upgrade":          {keeps[sums]("total"), keeps[more]("total", shape.For[sums]()), Restart, []string{"store total of by-user: json {Count:int32"}, ""},
		"store: added, upgrade from other": {keeps[sums]("total"), keeps[more]("total", shape.For[wider]()), Restart, []string{"store total of by-user:  => field Max int64"}, ""},
		"window: field removed":            {keeps[more]("per-minute"), keeps[sums]("per-minute"), Incompatible, []string{"store per-minute of by-user: field Max int64 => "}, ""},
		"opaque: the same":                 {opaque("total", "main.Money", ""), opaque("total", "main.Money", ""), Same, nil, ""},
		"opaque: renamed":                  {opaque("total", "main.Money", ""), opaque("total", "main.Cash", ""), Incompatible, []string{"store total"}, ""},
		"opaque: renamed, schema":          {opaque("total", "main.Money", "v1"), opaque("total", "main.Cash", "v1"), Same, nil, ""},
		"opaque: other schema":             {opaque("total", "main.Money", "v1"), opaque("total", "main.Money", "v2"), Incompatible, []string{"store total"}, ""},
		"key: renamed type":                {keyed(shape.For[struct{ A, B int }]()), keyed(shape.For[struct{ A, B int }]()), Same, nil, ""},
		"key: field added":                 {keyed(shape.For[struct{ A int }]()), keyed(shape.For[struct{ A, B int }]()), Incompatible, []string{"store total of by-user: keys json {A:int64} => keys json {A:int64,B:int64}"}, ""},
		"key: other order":                 {keyed(shape.For[struct{ A, B int }]()), keyed(shape.For[struct{ B, A int }]()), Incompatible, []string{"store total"}, ""},
		"sent: renamed type":               {keeps[sums]("by-user"), keeps[renamedType]("by-user"), Same, nil, ""},
		"sent: field added":                {keeps[sums]("by-user"), keeps[more]("by-user"), Compatible, []string{"repartition by-user of by-user:  => field Max int64"}, ""},
		"sent: field removed":              {keeps[more]("by-user"), keeps[sums]("by-user"), Restart, []string{"repartition by-user of by-user: field Max int64 => "}, ""},
		"sent: field renamed":              {keeps[sums]("by-user"), keeps[totals]("by-user"), Restart, []string{"repartition by-user of by-user: field Sum int64 => ", "repartition by-user of by-user:  => field Total int64"}, "let the old version read shop-by-user to the end"},
		"sent: wider":                      {keeps[sums]("by-user"), keeps[wider]("by-user"), Restart, []string{"repartition by-user of by-user: field Count int32 => field Count int64"}, ""},
		"sent: retyped":                    {keeps[sums]("by-user"), keeps[texts]("by-user"), Restart, []string{"repartition by-user of by-user: field Count int32 => field Count string"}, "let the old version read shop-by-user to the end"},
		"written: field added":             {keeps[sums]("totals"), keeps[more]("totals"), Compatible, []string{"output totals of by-user:  => field Max int64"}, ""},
		"written: field renamed":           {keeps[sums]("totals"), keeps[totals]("totals"), Restart, []string{"output totals of by-user: field Sum int64 => ", "output totals of by-user:  => field Total int64"}, ""},
		"read: other fields":               {keeps[sums]("views"), keeps[totals]("views"), Compatible, []string{"input views of views: "}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			old, now := shop(), shop()
			tt.old(old)
			tt.now(now)
			was, is := old.plan(t), now.plan(t)
			v := Plans(was, is)
			ok := v.Kind == tt.kind && len(v.Changes) == len(tt.changes)
			for i, ch := range v.Changes {
				ok = ok && strings.HasPrefix(ch.brief(), tt.changes[i])
			}
			if !ok || len(v.Changes) > 0 && !strings.Contains(v.Changes[0].Do, tt.do) {
				t.Errorf("want %s, %q, %q; got\n%s", tt.kind, tt.changes, tt.do, v.Text())
			}
			upgraded := strings.HasPrefix(name, "store: upgraded") && tt.kind == Restart || name == "store: added by upgrade"
			if slices.Contains(v.Upgrades, "total") != upgraded {
				t.Errorf("upgrades: %q", v.Upgrades)
			}
			if drained := name == "sent: field renamed" || name == "sent: retyped"; drained != slices.Contains(v.Drain, "shop-by-user") {
				t.Errorf("drains %q", v.Drain)
			}
			if beside := scheduler.SideBySide(was.Compatibility(), is.Compatibility()); beside == v.Kind.worse(Compatible) && name != "sent: field removed" {
				t.Errorf("side by side: %t", beside)
			}
		})
	}
}
