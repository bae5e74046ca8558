package shape_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/serde/shape"
)

type (
	whole struct {
		A    int
		B    map[string][]point
		C    *inner
		At   time.Time
		Any  any
		Raw  json.RawMessage
		Next *whole
		inner
		hidden int         //nolint:unused // left out on purpose
		_      [0]struct{} // what has no name has no value
	}
	left1 struct {
		N      int
		secret int `grete:"-"` //nolint:unused // left out on purpose
	}
	vanishing struct {
		Sum   float64
		count int //nolint:unused // it is what is tested
		Deep  []map[string]struct {
			ok bool
		}
		Err    error
		F      func()
		C      complex64
		M      map[float64]int
		Hidden int `json:"-"`
		*inner2
	}
	inner2  struct{ X int }
	writer  struct{ n int } //nolint:unused // not in the JSON
	reader  struct{ n int } //nolint:unused // not in the JSON
	twoWays struct{ n int } //nolint:unused // not in the JSON
	one     struct{ A int }
	two     struct{ A, B int }
	twins   struct {
		one
		two
	}
)

func (writer) MarshalJSON() ([]byte, error)  { return nil, nil }
func (*reader) UnmarshalText([]byte) error   { return nil }
func (twoWays) MarshalText() ([]byte, error) { return nil, nil }
func (*twoWays) UnmarshalText([]byte) error  { return nil }
func texts(losses []shape.Loss) (all []string) {
	for _, l := range losses {
		all = append(all, strings.TrimPrefix(l.Path, "shape_test.")+": "+l.Why)
	}
	return all
}

func TestLosses(t *testing.T) {
	tests := map[string]struct {
		of    reflect.Type
		value []string // beginnings
		key   []string // of those of a key; nil: the same
	}{
		"whole":     {reflect.TypeFor[whole](), []string{"whole.hidden: isn't exported"}, []string{"whole.B is", "whole.C: is a pointer", "whole.Any", "whole.Raw", "whole.Next", "whole.hidden"}},
		"left out":  {reflect.TypeFor[left1](), nil, nil},
		"vanishing": {reflect.TypeFor[vanishing](), []string{"vanishing.count: isn't exported", "vanishing.Deep[][].ok: isn't exported", "vanishing.Err: is the interface error", "vanishing.F: is a func", "vanishing.C: is a complex64", "vanishing.M: is a map whose keys (float64)", "vanishing.inner2: is an embedded pointer"}, []string{}},
		"writer":    {reflect.TypeFor[writer](), []string{"writer: writes its own JSON and can't read it"}, nil},
		"reader":    {reflect.TypeFor[[]reader](), []string{"[]shape_test.reader[]: reads its own JSON and can't write it"}, nil},
		"two ways":  {reflect.TypeFor[map[twoWays]twoWays](), nil, nil},
		"twins":     {reflect.TypeFor[twins](), []string{"twins.one.A: isn't written: another field", "twins.two.A: isn't written"}, nil},
		"recursive": {reflect.TypeFor[tree](), nil, []string{"tree.Left: is a pointer", "tree.Right: is a pointer"}},
		"pointer":   {reflect.TypeFor[*int](), nil, []string{"*int: is a pointer"}},
		"any":       {reflect.TypeFor[any](), nil, []string{"interface {}: is an interface"}},
		"not kept": {reflect.TypeFor[struct {
			A int `json:"-"`
		}](), nil, []string{`struct { A int "json:\"-\"" }.A: isn't written (json:"-")`}},
		"time": {reflect.TypeFor[struct{ At time.Time }](), nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.key == nil {
				tt.key = tt.value
			}
			got := texts(shape.Losses(tt.of))
			if !begin(got, tt.value) {
				t.Errorf("got %q, want %q", got, tt.value)
			}
			if name == "whole" || name == "vanishing" {
				return // they can't be keys at all
			}
			if got := texts(shape.KeyLosses(tt.of)); !begin(got, tt.key) {
				t.Errorf("as a key: got %q, want %q", got, tt.key)
			}
		})
	}
}

func begin(got, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i]) {
			return false
		}
	}
	return true
}

func TestLoss_String(t *testing.T) {
	if got := fmt.Sprint(shape.Losses(reflect.TypeFor[writer]())[0]); !strings.HasPrefix(got, "shape_test.writer writes its own JSON") {
		t.Error(got)
	}
}
